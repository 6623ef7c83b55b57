// A second device on a machine that has none: its memory is the processor's, its tensors are torch's own, of device type
// `simulated`. As on a GPU, tensors of two devices do not mix (but for numbers and indices), nothing becomes numpy without `.cpu()`,
// and what waits for the device is counted. Every operation is computed by the CPU's kernel, so results can be compared exactly.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/native/Resize.h>
#include <c10/core/impl/alloc_cpu.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/extension.h>

#include <atomic>
#include <set>

namespace {

constexpr auto kind = c10::DeviceType::PrivateUse1;
const c10::Device here(kind, 0);
std::atomic<int64_t> reads{0};
thread_local bool computing = false;  // what is copied while the CPU computes in the device's stead is not read back

// ---------------------------------------------------------------- memory

struct Memory final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    void* found = bytes ? c10::alloc_cpu(bytes) : nullptr;
    return {found, found, &c10::free_cpu, here};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &c10::free_cpu; }
  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }
};
Memory memory;
REGISTER_ALLOCATOR(kind, &memory);

// The same memory as a tensor of the CPU; valid as long as the tensor is.
at::Tensor seen_by_cpu(const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.device().type() != kind) return tensor;
  const auto& storage = tensor.storage();
  c10::DataPtr pointer(storage.mutable_data(), c10::Device(c10::kCPU));
  c10::Storage other(c10::Storage::use_byte_size_t(), storage.nbytes(), std::move(pointer), nullptr, false);
  auto made = at::detail::make_tensor<c10::TensorImpl>(std::move(other), c10::DispatchKeySet(c10::DispatchKey::CPU), tensor.dtype());
  made.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides(), tensor.storage_offset());
  if (tensor.is_conj()) made._set_conj(true);
  if (tensor.is_neg()) made._set_neg(true);
  return made;
}

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>, std::optional<at::Device>,
                 std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &memory, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                   c10::dtype_or_default(type), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> type,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &memory, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                           c10::dtype_or_default(type));
}

at::Tensor on_device(const at::Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  auto made = empty_strided(tensor.sizes(), tensor.strides(), tensor.scalar_type(), {}, {}, {});
  seen_by_cpu(made).copy_(tensor);
  return made;
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool non_blocking) {
  if (to.device().is_cpu() && !non_blocking && !computing) ++reads;
  seen_by_cpu(to).copy_(seen_by_cpu(from));
  return to;
}

const at::Tensor& resized(const at::Tensor& tensor, at::IntArrayRef size, std::optional<at::MemoryFormat> format) {
  auto* one = tensor.unsafeGetTensorImpl();
  one->set_sizes_contiguous(size);
  if (format.has_value() && *format != at::MemoryFormat::Preserve) one->empty_tensor_restride(*format);
  const size_t bytes = (one->storage_offset() + one->numel()) * one->itemsize();
  if (bytes > one->storage().nbytes()) {
    auto fresh = memory.allocate(bytes);
    if (one->storage().nbytes()) std::memcpy(fresh.get(), one->storage().data(), one->storage().nbytes());
    one->unsafe_storage().set_data_ptr_noswap(std::move(fresh));
    one->unsafe_storage().unsafeGetStorageImpl()->set_nbytes(bytes);
  }
  return tensor;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  if (from.sizes() != to.sizes()) resized(to, from.sizes(), {});
  return copy_from(from, to, true);
}

at::Scalar number(const at::Tensor& tensor) {
  ++reads;
  return seen_by_cpu(tensor).item();
}

at::Tensor& set_storage(at::Tensor& tensor, at::Storage storage, int64_t offset, at::IntArrayRef size, at::IntArrayRef stride) {
  auto* one = tensor.unsafeGetTensorImpl();
  one->set_storage_keep_dtype(std::move(storage));
  const auto made = c10::contiguous_strides(size);
  one->set_sizes_and_strides(size, stride.empty() && !size.empty() ? at::IntArrayRef(made) : stride, offset);
  return tensor;
}

at::Tensor& set_whole(at::Tensor& tensor, at::Storage storage) {
  const int64_t count = storage.nbytes() / tensor.element_size();
  return set_storage(tensor, std::move(storage), 0, {count}, {1});
}

at::Tensor& set_tensor(at::Tensor& tensor, const at::Tensor& from) {
  return set_storage(tensor, from.storage(), from.storage_offset(), from.sizes(), from.strides());
}

// A view of a tensor, shaped as a view of the same memory that the CPU has made.
at::Tensor like(const at::Tensor& tensor, const at::Tensor& view) {
  auto made = at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(tensor.storage()), tensor.key_set(),
                                                       view.dtype());
  made.unsafeGetTensorImpl()->set_sizes_and_strides(view.sizes(), view.strides(), view.storage_offset());
  return made;
}
at::Tensor strided(const at::Tensor& tensor, at::IntArrayRef size, at::IntArrayRef stride, std::optional<int64_t> offset) {
  return like(tensor, at::as_strided(seen_by_cpu(tensor), size, stride, offset));
}
at::Tensor view(const at::Tensor& tensor, at::IntArrayRef size) { return like(tensor, seen_by_cpu(tensor).view(size)); }
at::Tensor reshaped(const at::Tensor& tensor, at::IntArrayRef size, at::IntArrayRef stride) {
  return strided(tensor, size, stride, {});
}
at::Tensor unfold(const at::Tensor& tensor, int64_t axis, int64_t size, int64_t step) {
  return like(tensor, seen_by_cpu(tensor).unfold(axis, size, step));
}
at::Tensor view_as_real(const at::Tensor& tensor) { return like(tensor, at::view_as_real(seen_by_cpu(tensor))); }
at::Tensor view_as_complex(const at::Tensor& tensor) { return like(tensor, at::view_as_complex(seen_by_cpu(tensor))); }

// ---------------------------------------------------------------- random numbers

// A generator of the device draws what one of the CPU draws.
struct Generator final : c10::GeneratorImpl {
  explicit Generator(at::Generator other)
      : c10::GeneratorImpl(here, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1)), inner(std::move(other)) {}
  void set_current_seed(uint64_t seed) override { inner.set_current_seed(seed); }
  void set_offset(uint64_t offset) override { inner.set_offset(offset); }
  uint64_t get_offset() const override { return inner.get_offset(); }
  uint64_t current_seed() const override { return inner.current_seed(); }
  uint64_t seed() override { return inner.seed(); }
  void set_state(const c10::TensorImpl& state) override { inner.unsafeGetGeneratorImpl()->set_state(state); }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return inner.unsafeGetGeneratorImpl()->get_state(); }
  Generator* clone_impl() const override { return new Generator(inner.clone()); }
  at::Generator inner;
};

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  void setCurrentDevice(c10::DeviceIndex) const override {}
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
  at::Device getDeviceFromPtr(void*) const override { return here; }
  at::Allocator* getPinnedMemoryAllocator() const override { return c10::GetCPUAllocator(); }
  at::Generator getNewGenerator(c10::DeviceIndex = -1) const override {
    return at::make_generator<Generator>(at::detail::createCPUGenerator());
  }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex = -1) const override {
    static at::Generator one = at::make_generator<Generator>(at::detail::getDefaultCPUGenerator());
    return one;
  }
  void resizePrivateUse1Bytes(const c10::Storage& storage, size_t bytes) const override {
    auto fresh = memory.allocate(bytes);
    std::memcpy(fresh.get(), storage.data(), std::min(bytes, storage.nbytes()));
    const_cast<c10::Storage&>(storage).set_data_ptr_noswap(std::move(fresh));
    storage.unsafeGetStorageImpl()->set_nbytes(bytes);
  }
};

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kind; }
  c10::Device exchangeDevice(c10::Device) const override { return here; }
  c10::Device getDevice() const override { return here; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, here); }
  c10::Stream getDefaultStream(c10::Device) const override { return c10::Stream(c10::Stream::DEFAULT, here); }
  c10::Stream exchangeStream(c10::Stream) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, here); }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
  void synchronizeDevice(const c10::DeviceIndex) const override { ++reads; }
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

// ---------------------------------------------------------------- operations

// Those that wait for the device, because the size of what they give depends on values.
const std::set<std::string> waiting = {"aten::nonzero", "aten::masked_select", "aten::unique_dim", "aten::_unique2",
                                       "aten::unique_consecutive", "aten::equal", "aten::is_nonzero"};

void check(const std::string& name, const at::Tensor& tensor) {
  TORCH_CHECK(!tensor.defined() || tensor.device().type() == kind || tensor.dim() == 0 || tensor.is_meta(),
              "Expected all tensors to be on the same device, but found at least two devices, ", here, " and ",
              tensor.device(), "! (in ", name, ")");
}

void by_cpu(const c10::OperatorHandle& op, c10::DispatchKeySet, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  const std::string name = schema.overload_name().empty() ? schema.name() : schema.name() + "." + schema.overload_name();
  const size_t first = stack->size() - schema.arguments().size();
  if (waiting.count(name)) ++reads;
  for (size_t i = first; i < stack->size(); ++i) {
    auto& value = (*stack)[i];
    if (value.isGenerator()) {
      auto* one = dynamic_cast<Generator*>(value.toGenerator().unsafeGetGeneratorImpl());
      TORCH_CHECK(one, "Expected a '", here, "' device type for generator but found 'cpu' (in ", name, ")");
      value = one->inner;
    } else if (value.isTensor() && !(i > first && schema.name() == "aten::_pack_padded_sequence")) {  // lengths are the CPU's
      check(name, value.toTensor());
    } else if (value.isTensorList()) {
      for (const at::Tensor& tensor : value.toTensorVector()) check(name, tensor);
    }  // lists of optional tensors are indices, which may be the CPU's
  }
  const bool before = std::exchange(computing, true);
  try {
    at::native::cpu_fallback(op, stack, /*error_on_views=*/true);
  } catch (...) {
    computing = before;
    throw;
  }
  computing = before;
}

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias, at::IntArrayRef stride,
                       at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef more, int64_t groups) {
  for (const auto& one : {x, weight, bias.value_or(at::Tensor())}) check("convolution", one);
  const auto b = bias && bias->defined() ? std::optional(seen_by_cpu(*bias)) : std::nullopt;
  return on_device(at::convolution(seen_by_cpu(x), seen_by_cpu(weight), b, stride, padding, dilation, transposed, more, groups));
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(
    const at::Tensor& grad, const at::Tensor& x, const at::Tensor& weight, at::IntArrayRef stride, at::IntArrayRef padding,
    at::IntArrayRef dilation, bool transposed, at::IntArrayRef more, int64_t groups, std::array<bool, 3> wanted) {
  for (const auto& one : {grad, x, weight}) check("convolution_backward", one);
  const std::vector<int64_t> bias = {transposed ? weight.size(1) * groups : weight.size(0)};
  auto [a, b, c] = at::convolution_backward(seen_by_cpu(grad), seen_by_cpu(x), seen_by_cpu(weight), bias, stride, padding, dilation,
                                            transposed, more, groups, wanted);
  return {on_device(a), on_device(b), on_device(c)};
}

// (What torch has for a device that lacks it cannot take every order of axes.)
std::tuple<at::Tensor, at::Tensor, at::Tensor> group_norm(const at::Tensor& x, const std::optional<at::Tensor>& weight,
                                                          const std::optional<at::Tensor>& bias, int64_t rows, int64_t channels,
                                                          int64_t others, int64_t groups, double epsilon) {
  for (const auto& one : {x, weight.value_or(at::Tensor()), bias.value_or(at::Tensor())}) check("native_group_norm", one);
  const auto seen = [](const std::optional<at::Tensor>& one) {
    return one && one->defined() ? std::optional(seen_by_cpu(*one)) : std::nullopt;
  };
  auto [y, mean, deviation] = at::native_group_norm(seen_by_cpu(x).contiguous(), seen(weight), seen(bias), rows, channels, others,
                                                    groups, epsilon);
  return {on_device(y), on_device(mean), on_device(deviation)};
}

// torch takes these for granted where there is a device. Made of other operations, they have gradients by themselves.
using Optional = std::optional<at::Tensor>;

at::Tensor with_bias(const at::Tensor& gates, const Optional& bias) { return bias && bias->defined() ? gates + *bias : gates; }

std::tuple<at::Tensor, at::Tensor, at::Tensor> lstm_cell(const at::Tensor& from_input, const at::Tensor& from_state,
                                                         const at::Tensor& cell, const Optional& a, const Optional& b) {
  const auto gates = (with_bias(from_input, a) + with_bias(from_state, b)).chunk(4, 1);
  const auto kept = gates[1].sigmoid() * cell + gates[0].sigmoid() * gates[2].tanh();
  return {gates[3].sigmoid() * kept.tanh(), kept, at::empty({0}, cell.options())};
}

std::tuple<at::Tensor, at::Tensor> gru_cell(const at::Tensor& from_input, const at::Tensor& from_state, const at::Tensor& state,
                                            const Optional& a, const Optional& b) {
  const auto x = with_bias(from_input, a).chunk(3, 1), h = with_bias(from_state, b).chunk(3, 1);
  const auto fresh = (x[2] + (x[0] + h[0]).sigmoid() * h[2]).tanh();
  return {fresh + (x[1] + h[1]).sigmoid() * (state - fresh), at::empty({0}, state.options())};
}

}  // namespace

TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, m) { m.fallback(torch::CppFunction::makeFallthrough()); }

TORCH_LIBRARY_IMPL(aten, AutocastPrivateUse1, m) {
  using at::autocast::CastPolicy;
  KERNEL_PRIVATEUSEONE(linear, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(matmul, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(addmm, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(mm, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(bmm, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(conv1d, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(conv2d, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(conv3d, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(scaled_dot_product_attention, lower_precision_fp)
}

// A copy takes care of numbers that are kept conjugated or negated.
TORCH_LIBRARY_IMPL(aten, Conjugate, m) { m.impl("_copy_from", torch::CppFunction::makeFallthrough()); }
TORCH_LIBRARY_IMPL(aten, Negative, m) { m.impl("_copy_from", torch::CppFunction::makeFallthrough()); }

TORCH_LIBRARY_IMPL(aten, AutogradPrivateUse1, m) {
  m.impl("_thnn_fused_lstm_cell", lstm_cell);
  m.impl("_thnn_fused_gru_cell", gru_cell);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&by_cpu>()); }

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("_copy_from", copy_from);
  m.impl("_copy_from_and_resize", copy_from_and_resize);
  m.impl("_local_scalar_dense", number);
  m.impl("resize_", resized);
  m.impl("set_.source_Storage_storage_offset", set_storage);
  m.impl("set_.source_Storage", set_whole);
  m.impl("set_.source_Tensor", set_tensor);
  m.impl("as_strided", strided);
  m.impl("view", view);
  m.impl("_reshape_alias", reshaped);
  m.impl("unfold", unfold);
  m.impl("view_as_real", view_as_real);
  m.impl("view_as_complex", view_as_complex);
  m.impl("_thnn_fused_lstm_cell", lstm_cell);
  m.impl("_thnn_fused_gru_cell", gru_cell);
  m.impl("native_group_norm", group_norm);
  m.impl("convolution_overrideable", convolution);
  m.impl("convolution_backward_overrideable", convolution_backward);
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  static Hooks hooks;
  at::RegisterPrivateUse1HooksInterface(&hooks);
  m.def("reads", [] { return reads.exchange(0); }, "How often something has waited for the device since the last time.");
}
