"""The names that stand directly under `tf`, and the file in which each is found when somebody asks for it."""

_HOMES = {
    "_creation": """cast complex constant convert_to_tensor eye fill identity is_tensor linspace meshgrid one_hot ones ones_like
        range saturate_cast sequence_mask zeros zeros_like""",
    "_shaping": """argsort broadcast_dynamic_shape broadcast_static_shape broadcast_to concat ensure_shape expand_dims pad rank
        repeat reshape reverse roll searchsorted shape size sort split squeeze stack tile transpose unique unique_with_counts
        unstack""",
    "_indexing": """boolean_mask gather gather_nd scatter_nd slice strided_slice tensor_scatter_nd_add tensor_scatter_nd_max
        tensor_scatter_nd_min tensor_scatter_nd_sub tensor_scatter_nd_update where""",
    "math": """abs acos acosh add add_n argmax argmin asin asinh atan atan2 atanh cos cosh cumsum divide equal exp floor greater
        greater_equal less less_equal logical_and logical_not logical_or maximum minimum multiply negative not_equal pow
        reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum round scalar_mul
        sigmoid sign sin sinh sqrt square subtract tan tanh truediv""",
    "linalg": "einsum matmul norm tensordot",
    "_clipping": "clip_by_global_norm clip_by_norm clip_by_value",
    "_control": """TensorArray case cond control_dependencies device executing_eagerly foldl group init_scope map_fn name_scope
        no_op print scan switch_case vectorized_map while_loop""",
    "_function": "custom_gradient function grad_pass_through numpy_function py_function recompute_grad stop_gradient",
    "_tape": "GradientTape UnconnectedGradients",
    "_tensors": "IndexedSlices Tensor TensorShape",
    "_variable": "Module Variable",
    "_members": "get_logger",
    "_initializers": """constant_initializer ones_initializer random_normal_initializer random_uniform_initializer
        zeros_initializer""",
    "data": "TensorSpec",
    "dtypes": "as_dtype",
}
# Names of namespaces that are files here.
SPACES = """audio autodiff autograph compat data debugging distribute errors experimental image io linalg lookup math nest nn
saved_model
    signal strings summary test train version""".split()
# Namespaces that are Keras's.
KERAS = "initializers losses metrics optimizers".split()

LATER = {name: home for home, names in _HOMES.items() for name in names.split()} | {name: name for name in SPACES}
