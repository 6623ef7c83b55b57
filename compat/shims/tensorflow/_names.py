"""The names that stand directly under `tf`, and the file in which each is found when somebody asks for it."""

_HOMES = {
    "_creation": """cast complex constant convert_to_tensor eye fill identity is_tensor linspace meshgrid one_hot ones ones_like
        range saturate_cast sequence_mask zeros zeros_like""",
    "_shaping": """argsort broadcast_dynamic_shape broadcast_static_shape broadcast_to concat ensure_shape expand_dims pad
        rank repeat reshape reverse reverse_sequence roll searchsorted shape size sort split squeeze stack tile transpose
        unique unique_with_counts unstack""",
    "_indexing": """boolean_mask dynamic_partition dynamic_stitch gather gather_nd scatter_nd slice strided_slice
        tensor_scatter_nd_add tensor_scatter_nd_max tensor_scatter_nd_min tensor_scatter_nd_sub
        tensor_scatter_nd_update where""",
    "math": """abs acos acosh add add_n argmax argmin asin asinh atan atan2 atanh cos cosh cumsum divide equal exp floor greater
        greater_equal less less_equal logical_and logical_not logical_or maximum minimum multiply negative not_equal pow
        reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum round scalar_mul
        sigmoid sign sin sinh sqrt square subtract tan tanh truediv""",
    "linalg": "einsum matmul norm tensordot",
    "_clipping": "clip_by_global_norm clip_by_norm clip_by_value",
    "_control": """TensorArray case cond control_dependencies device executing_eagerly foldl group init_scope map_fn name_scope
        no_op print scan switch_case vectorized_map while_loop""",
    "_function": """RegisterGradient custom_gradient function grad_pass_through no_gradient numpy_function py_function
        recompute_grad stop_gradient""",
    "_tape": "GradientTape UnconnectedGradients",
    "_tensors": "IndexedSlices Tensor TensorShape",
    "_variable": "Module Variable VariableAggregation VariableSynchronization",
    "_members": "get_logger",
    "_initializers": """constant_initializer ones_initializer random_normal_initializer random_uniform_initializer
        zeros_initializer""",
    "data": "TensorSpec",
    "ragged": "RaggedTensor RaggedTensorSpec",
    "_histograms": "histogram_fixed_width histogram_fixed_width_bins",
    "_ctc": "edit_distance",
    "sparse": "SparseTensor SparseTensorSpec",
    "dtypes": "as_dtype",
}
# Names of namespaces that are files here.
SPACES = """audio autodiff autograph bitwise compat data debugging distribute errors experimental feature_column image io
    linalg lookup losses math nest nn profiler queue raw_ops saved_model ragged sets signal sparse strings summary test
    train version""".split()
# TensorFlow 1: names that nobody lists, and who asks for them gets.
_OLD_HOMES = {
    "_tensors": "Dimension EagerTensor",
    "_variable": "ResourceVariable",
    "_internal": "__internal__",
    "_summaries": "Summary",
    "version": "COMPILER_VERSION GIT_VERSION VERSION",
    "_graphs": """ConfigProto GPUOptions Graph GraphKeys InteractiveSession OptimizerOptions RunMetadata RunOptions Session
        add_to_collection assign assign_add assign_sub disable_control_flow_v2 disable_eager_execution
        disable_resource_variables disable_tensor_equality disable_v2_behavior disable_v2_tensorshape enable_control_flow_v2
        enable_eager_execution enable_resource_variables enable_tensor_equality enable_v2_behavior enable_v2_tensorshape
        get_collection get_default_graph get_default_session get_variable global_variables global_variables_initializer
        gradients initialize_all_variables local_variables_initializer placeholder placeholder_with_default
        reset_default_graph set_random_seed tables_initializer trainable_variables variable_scope variables_initializer""",
    "_old": """AUTO_REUSE FixedLenFeature Print angle as_string assert_equal assert_greater
        assert_greater_equal assert_integer assert_less assert_less_equal assert_near assert_negative assert_non_negative
        assert_non_positive assert_none_equal assert_positive assert_rank assert_rank_at_least assert_rank_in assert_scalar
        assert_type bincount ceil check_numerics cholesky cholesky_solve confusion_matrix conj count_nonzero cross cumprod
        decode_base64 decode_raw depth_to_space diag diag_part digamma div div_no_nan encode_base64 erf erfc expm1 floor_div
        floordiv floormod gfile global_norm glorot_normal_initializer glorot_uniform_initializer imag is_finite is_inf is_nan
        lgamma log log1p log_sigmoid logging logical_xor matching_files matrix_band_part matrix_determinant matrix_diag
        matrix_diag_part matrix_inverse matrix_set_diag matrix_solve matrix_transpose matrix_triangular_solve mod mul
        multinomial neg orthogonal_initializer parse_example parse_single_example polyval py_func qr random_crop random_gamma
        extract_image_patches
        random_normal random_poisson random_shuffle random_uniform read_file real reciprocal regex_replace rint rsqrt
        segment_max segment_mean segment_min segment_prod segment_sum self_adjoint_eig setdiff1d space_to_depth
        squared_difference string_join string_split string_strip string_to_number sub substr svd to_double to_float to_int32
        to_int64 trace truncated_normal truncated_normal_initializer uniform_unit_scaling_initializer unsorted_segment_max
        unsorted_segment_mean unsorted_segment_sum variance_scaling_initializer verify_tensor_all_finite write_file
        zero_fraction""",
}
OLD = {name: home for home, names in _OLD_HOMES.items() for name in names.split()} | {
    name: name for name in ("contrib", "layers", "python")
}
# Namespaces that are Keras's.
KERAS = "initializers metrics optimizers".split()

LATER = {name: home for home, names in _HOMES.items() for name in names.split()} | {name: name for name in SPACES}
