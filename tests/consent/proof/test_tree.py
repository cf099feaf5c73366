"""The Merkle tree is that of RFC 6962: by its reference roots, by its definition, and by another implementation."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from optin.consent.proof import tree
from tests.support.other_tlog import CHECKING, MAKING

# The leaves and roots of the reference tests of Certificate Transparency.
REFERENCE = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 40
LEAVES = [tree.leaf_hash(str(each).encode()) for each in range(MOST)]
SIZES = range(1, MOST + 1)


def of(leaves: Sequence[bytes]) -> tree.Node:
    return lambda height, index: tree.joined(leaves[index << height : (index + 1) << height])


def by_definition(leaves: Sequence[bytes]) -> bytes:
    """MTH, as RFC 6962 (2.1) defines it."""
    if len(leaves) == 1:
        return leaves[0]
    left = next(1 << k for k in range(60) if 1 << k < len(leaves) <= 2 << k)
    return tree.node_hash(by_definition(leaves[:left]), by_definition(leaves[left:]))


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_the_reference(size: int) -> None:
    leaves = [tree.leaf_hash(bytes.fromhex(each)) for each in REFERENCE[:size]]
    growing = tree.Growing()
    for leaf in leaves:
        growing.add(leaf)
    assert tree.root(size, of(leaves)).hex() == growing.root().hex() == ROOTS[size]


def test_any_root_is_what_the_definition_says() -> None:
    growing = tree.Growing()
    for size in SIZES:
        growing.add(LEAVES[size - 1])
        assert tree.root(size, of(LEAVES)) == growing.root() == by_definition(LEAVES[:size])
        assert growing.size == size


def included() -> Iterator[tuple[int, int, list[bytes], bytes]]:
    for size in SIZES:
        root = by_definition(LEAVES[:size])
        for index in range(size):
            yield index, size, tree.inclusion(index, size, of(LEAVES)), root


def grown() -> Iterator[tuple[int, int, list[bytes]]]:
    for size in SIZES:
        for old in range(size + 1):
            yield old, size, tree.consistency(old, size, of(LEAVES))


@pytest.mark.parametrize("check", [tree.is_included, *(each.is_included for each in CHECKING)])
def test_every_leaf_is_shown_to_be_in_the_tree(check: Callable[..., bool]) -> None:
    for index, size, proof, root in included():
        assert check(LEAVES[index], index, size, proof, root)


@pytest.mark.parametrize("check", [tree.is_consistent, *(each.is_consistent for each in CHECKING)])
def test_every_tree_is_shown_to_have_grown_out_of_those_before(check: Callable[..., bool]) -> None:
    for old, size, proof in grown():
        assert check(old, tree.root(old, of(LEAVES)), size, tree.root(size, of(LEAVES)), proof)


@pytest.mark.parametrize("other", MAKING)
def test_the_proofs_of_another_are_ours(other: type) -> None:
    theirs = other([str(each).encode() for each in range(MOST)])
    for index, size, proof, root in included():
        assert theirs.root(size) == root
        assert theirs.inclusion(index, size) == proof
    for old, size, proof in grown():
        assert old == 0 or theirs.consistency(old, size) == proof


def test_a_proof_of_something_else_shows_nothing() -> None:
    for index, size, proof, root in included():
        wrong = LEAVES[index - 1] if index else tree.EMPTY
        assert not tree.is_included(wrong, index, size, proof, root)
        assert not tree.is_included(LEAVES[index], index + 1, size, proof, root)
        assert not tree.is_included(LEAVES[index], index, size, [*proof, tree.EMPTY], root)
        assert not proof or not tree.is_included(LEAVES[index], index, size, proof[:-1], root)
        assert not tree.is_included(LEAVES[index], index, size, proof, tree.EMPTY)


@pytest.mark.parametrize("change", ["changed", "removed", "inserted", "swapped"])
def test_no_tree_with_another_past_is_consistent(change: str) -> None:
    old, size, place = 13, 21, 5
    forged = list(LEAVES)
    if change == "changed":
        forged[place] = tree.leaf_hash(b"forged")
    elif change == "removed":
        del forged[place]
    elif change == "inserted":
        forged.insert(place, tree.leaf_hash(b"forged"))
    else:
        forged[place], forged[place + 1] = forged[place + 1], forged[place]
    roots = tree.root(old, of(LEAVES)), tree.root(size, of(forged))
    for leaves in (LEAVES, forged):
        proof = tree.consistency(old, size, of(leaves))
        assert not tree.is_consistent(old, roots[0], size, roots[1], proof)
    assert tree.is_consistent(old, roots[0], size, tree.root(size, of(LEAVES)), tree.consistency(old, size, of(LEAVES)))


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    with pytest.raises(ValueError, match="has none with the index 3"):
        tree.inclusion(3, 3, of(LEAVES))
    with pytest.raises(ValueError, match="did not grow out of one of 4"):
        tree.consistency(4, 3, of(LEAVES))
    assert not tree.is_included(LEAVES[0], 3, 3, [], LEAVES[0])
    assert not tree.is_consistent(4, tree.root(4, of(LEAVES)), 3, tree.root(3, of(LEAVES)), [])
