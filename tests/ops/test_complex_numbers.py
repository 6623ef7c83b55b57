import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchkeras_lite import ops

parts = st.floats(-100, 100, width=32)


def test_aliases_are_the_same_object():
    assert ops.conj is ops.conjugate


@settings(max_examples=25, deadline=None, database=None)
@given(parts, parts)
def test_parts_make_the_number_again(real, imaginary):
    z = torch.tensor([complex(real, imaginary)], dtype=torch.complex128)
    assert torch.equal(ops.real(z) + 1j * ops.imag(z), z)
    torch.testing.assert_close(ops.multiply(z, ops.conj(z)).real, ops.square(ops.abs(z)))
    torch.testing.assert_close(ops.abs(z) * ops.exp(1j * ops.angle(z)), z)


def test_a_conjugate_is_made_at_once():
    assert not ops.conj(torch.tensor([1 + 2j])).is_conj()
