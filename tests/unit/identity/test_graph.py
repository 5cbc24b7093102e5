"""Components and merges of the identity graph: any length, any shape, always the elder, always the same."""

from __future__ import annotations

import numpy as np
import pytest

from include.identity.graph import UNKNOWN_TIME, customers


def solve(nodes: int, identities: int, links: list[tuple[int, int, int]]):
    left, right, seen = (np.array(column, dtype=np.int64) for column in zip(*links, strict=True))
    return customers(nodes, identities, left, right, seen)


def merges(found) -> set[tuple[int, int, int]]:
    return set(zip(found.absorbed.tolist(), found.survivor.tolist(), found.link.tolist(), strict=True))


def test_a_chain_of_a_thousand_identifiers_is_one_customer():
    # Identity i shares identifier i with identity i + 1.
    links = [(i, 1001 + i, i) for i in range(1000)] + [(i + 1, 1001 + i, i) for i in range(1000)]
    found = solve(2001, 1001, links)
    assert set(found.elder) == {0}
    assert set(found.absorbed) == set(range(1, 1001))


def test_a_chain_joined_from_its_young_end_is_one_customer():
    links = [(i, 1001 + i, -i) for i in range(1000)] + [(i + 1, 1001 + i, -i) for i in range(1000)]
    found = solve(2001, 1001, links)
    assert set(found.elder) == {0}
    assert set(found.absorbed) == set(range(1, 1001))


def test_a_star_of_ten_thousand_is_one_customer():
    found = solve(10_001, 10_000, [(i, 10_000, i) for i in range(10_000)])
    assert set(found.elder) == {0}
    assert merges(found) == {(i, 0, i) for i in range(1, 10_000)}


def test_whoever_shares_nothing_stays_alone():
    found = solve(5, 3, [(0, 3, 1), (1, 4, 1)])
    assert found.elder.tolist() == [0, 1, 2, 0, 1]
    assert merges(found) == set()


def test_no_links_at_all():
    empty = np.array([], dtype=np.int64)
    found = customers(2, 2, empty, empty, empty)
    assert found.elder.tolist() == [0, 1]
    assert len(customers(0, 0, empty, empty, empty).elder) == 0


def test_the_link_seen_last_is_the_one_that_merged():
    # 0 and 1 share identifier 2; 1 was seen with it first, 0 only at time 9.
    assert merges(solve(3, 2, [(0, 2, 9), (1, 2, 3)])) == {(1, 0, 0)}


def test_a_second_way_between_two_who_are_merged_already_merges_nobody():
    found = solve(4, 2, [(0, 2, 1), (1, 2, 2), (0, 3, 3), (1, 3, 4)])
    assert merges(found) == {(1, 0, 1)}


def test_the_survivor_of_then_may_be_absorbed_later():
    # 2 joins 1 at time 2, and both join 0 at time 5.
    found = solve(5, 3, [(1, 3, 1), (2, 3, 2), (0, 4, 4), (2, 4, 5)])
    assert merges(found) == {(2, 1, 1), (1, 0, 3)}
    assert found.elder.tolist() == [0, 0, 0, 0, 0]


def test_a_link_without_a_date_comes_last():
    found = solve(4, 2, [(0, 2, UNKNOWN_TIME), (1, 2, 1), (0, 3, 7), (1, 3, 8)])
    assert merges(found) == {(1, 0, 3)}


def test_of_one_moment_the_smaller_identifier_is_named():
    found = solve(4, 2, [(0, 2, 1), (0, 3, 1), (1, 3, 5), (1, 2, 5)])
    assert merges(found) == {(1, 0, 3)}


def test_a_link_seen_twice_counts_from_the_first_time():
    # Were the two weights added up, the link of 1 would come after that of identifier 3.
    found = solve(4, 2, [(0, 2, 1), (1, 2, 2), (1, 2, 4), (0, 3, 3), (1, 3, 3)])
    assert merges(found) == {(1, 0, 1)}


def test_identifiers_between_them_make_no_merge_of_their_own():
    # 2 is a profile that is nobody by itself: it joins identifiers 3 and 4, and so 0 and 1.
    found = solve(5, 2, [(0, 3, 1), (1, 4, 2), (2, 3, 3), (2, 4, 4)])
    assert merges(found) == {(1, 0, 3)}


def test_the_order_of_the_rows_changes_nothing():
    random = np.random.default_rng(4)
    identities, nodes, count = 300, 500, 700
    left = random.integers(0, identities, count)
    right = random.integers(identities, nodes, count)
    seen = random.integers(0, 40, count)
    first = customers(nodes, identities, left, right, seen)
    shuffled = random.permutation(count)
    again = customers(nodes, identities, left[shuffled], right[shuffled], seen[shuffled])
    assert (first.elder == again.elder).all()
    named = {(a, s, left[k], right[k]) for a, s, k in merges(first)}
    assert named == {(a, s, left[shuffled[k]], right[shuffled[k]]) for a, s, k in merges(again)}


def test_it_agrees_with_a_walk_over_every_link():
    """The same merges as taking the links one by one and asking who is connected with whom by then."""
    random = np.random.default_rng(11)
    for _ in range(30):
        identities, nodes, count = 12, 22, 24
        left = random.integers(0, identities, count)
        right = random.integers(identities, nodes, count)
        seen = random.integers(0, 10, count)
        found = customers(nodes, identities, left, right, seen)
        group = {node: {node} for node in range(nodes)}
        expected = set()
        for k in sorted(range(count), key=lambda k: (seen[k], left[k], right[k])):
            one, other = group[left[k]], group[right[k]]
            if one is other:
                continue
            elder, younger = sorted((min(one), min(other)))
            if younger < identities:
                expected.add((younger, elder, left[k], right[k]))
            for node in one | other:
                group[node] = one | other
            merged = one | other
            for node in merged:
                group[node] = merged
        assert {(a, s, left[k], right[k]) for a, s, k in merges(found)} == expected
        assert found.elder.tolist() == [min(group[node]) for node in range(nodes)]


@pytest.mark.parametrize("links", [[(0, 3, 1)], [(-1, 2, 1)]])
def test_a_node_that_is_not_there_is_refused(links):
    with pytest.raises(ValueError, match="outside"):
        solve(3, 2, links)


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="three values"):
        customers(2, 1, np.array([0]), np.array([1]), np.array([1, 2]))


def test_half_a_million_links_take_seconds():
    random = np.random.default_rng(1)
    identities, identifiers, count = 100_000, 200_000, 500_000
    left = random.integers(0, identities, count)
    right = identities + random.integers(0, identifiers, count)
    found = customers(identities + identifiers, identities, left, right, random.integers(0, 10**9, count))
    # Everyone but the elders was absorbed exactly once.
    assert len(found.absorbed) == len(set(found.absorbed.tolist())) == identities - len(set(found.elder[:identities]))
