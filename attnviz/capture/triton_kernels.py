"""Triton kernels over the scores of a layer: keys stream by as in flash attention, and what is kept of a row is small.

Imported by `kernels` only, where there is Triton. Axis letters: Q queries, K keys, D head size, BM x BN a tile.
Logits are float32 whatever the inputs are: products of bfloat16 or float16 are exact in it.
"""

from __future__ import annotations

import triton
import triton.language as tl

NEVER = tl.constexpr(-1e30)  # the logit of what is masked


@triton.jit
def _capped(s, cap):
    """cap * tanh(s / cap), with a series near 0, where the quotient of exponentials would cancel."""
    x = s / cap
    size = tl.abs(x)
    e = tl.exp(-2.0 * size)
    far = (1.0 - e) / (1.0 + e)
    y = size * size
    series = 1.0 + y * (-1.0 / 3 + y * (2.0 / 15 + y * (-17.0 / 315 + y * (62.0 / 2835))))
    return cap * tl.where(size < 0.25, x * series, tl.where(x < 0, -far, far))


@triton.jit
def _vectors(BASE, at, step, inside, SIZE: tl.constexpr, D: tl.constexpr):
    """Queries or keys (places, D), zeros outside and behind their SIZE."""
    d = tl.arange(0, D)
    places = BASE + at.to(tl.int64)[:, None] * step + d[None, :]
    return tl.load(places, mask=inside[:, None] & (d < SIZE)[None, :], other=0.0)


@triton.jit
def _ruled(
    products, i, j, inside, first, stop, KEYS, scale, cap,
    SEEN, ALLOWED, allowed_row, allowed_key, BIAS, bias_row, bias_key,
    CAPPED: tl.constexpr, SPANNED: tl.constexpr, DENSE: tl.constexpr, BIASED: tl.constexpr,
):  # fmt: skip
    """Logits from products of queries and keys; rows i and keys j in shapes that broadcast to the products'."""
    s = products * scale
    if CAPPED:
        s = _capped(s, cap)
    if BIASED:
        s += tl.load(BIAS + i.to(tl.int64) * bias_row + j * bias_key, mask=inside, other=0.0).to(tl.float32)
    allowed = inside
    if SPANNED:
        seen = tl.load(SEEN + j, mask=(j >= 0) & (j < KEYS), other=0)
        allowed = inside & (j >= first) & (j < stop) & (seen != 0)
    if DENSE:
        at = ALLOWED + i.to(tl.int64) * allowed_row + j * allowed_key
        allowed = inside & (tl.load(at, mask=inside, other=0) != 0)
    return tl.where(allowed, s, NEVER)


@triton.jit
def rows_kernel(
    Q, K, q_head, q_row, k_head, k_row, FIRST_HEAD, GROUPS, QUERIES, KEYS, scale, cap,
    FIRST, STOP, SEEN, ALLOWED, allowed_head, allowed_row, allowed_key, BIAS, bias_head, bias_row, bias_key, SINKS,
    REFERENCE, FACTOR, AFTER, MARKS, TABLE,
    CAPPED: tl.constexpr, SPANNED: tl.constexpr, DENSE: tl.constexpr, BIASED: tl.constexpr, SUNK: tl.constexpr,
    STATISTICS: tl.constexpr, SIZE: tl.constexpr, D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """Normalization of the rows of some heads; with STATISTICS also their eight metrics, TABLE (H, 8, Q)."""
    head = FIRST_HEAD + tl.program_id(1)
    # The last rows of a causal map have the most keys: they begin first.
    i = (tl.num_programs(0) - 1 - tl.program_id(0)) * BM + tl.arange(0, BM)
    live = i < QUERIES
    Q += head.to(tl.int64) * q_head
    K += (head // GROUPS).to(tl.int64) * k_head
    if DENSE:
        ALLOWED += head.to(tl.int64) * allowed_head
    if BIASED:
        BIAS += head.to(tl.int64) * bias_head
    q = _vectors(Q, i, q_row, live, SIZE, D)
    first, stop = tl.zeros((BM,), tl.int32), tl.zeros((BM,), tl.int32) + KEYS
    low, high = 0, KEYS
    if SPANNED:
        first = tl.load(FIRST + i, mask=live, other=KEYS).to(tl.int32)
        stop = tl.load(STOP + i, mask=live, other=0).to(tl.int32)
        low = (tl.min(first, 0) // BN) * BN
        high = tl.max(stop, 0)
    m = tl.zeros((BM,), tl.float32) + NEVER
    if SUNK:
        m = tl.zeros((BM,), tl.float32) + tl.load(SINKS + head).to(tl.float32)
    total = tl.zeros((BM,), tl.float32)
    products, steps, marked = total, total, total
    for start in range(low, high, BN):
        j = start + tl.arange(0, BN)
        k = _vectors(K, j, k_row, j < KEYS, SIZE, D)
        s = tl.dot(q, tl.trans(k), input_precision="ieee")
        s = _ruled(
            s, i[:, None], j[None, :], live[:, None] & (j < KEYS)[None, :], first[:, None], stop[:, None],
            KEYS, scale, cap, SEEN, ALLOWED, allowed_row, allowed_key, BIAS, bias_row, bias_key,
            CAPPED, SPANNED, DENSE, BIASED,
        )  # fmt: skip
        new = tl.maximum(m, tl.max(s, 1))
        shrink = tl.exp(m - new)
        s -= new[:, None]
        e = tl.exp(s)
        if STATISTICS:
            # Sums of e (s - m): what was summed with the old m is shifted to the new one.
            products = (products + (m - new) * total) * shrink + tl.sum(e * s, 1)
            steps = steps * shrink + tl.sum(e * tl.abs(i[:, None] - j[None, :]).to(tl.float32), 1)
            marked = marked * shrink + tl.sum(e * tl.load(MARKS + j, mask=j < KEYS, other=0.0)[None, :], 1)
        total = total * shrink + tl.sum(e, 1)
        m = new
    divisor = total
    if SUNK:
        divisor += tl.exp(tl.load(SINKS + head).to(tl.float32) - m)
    factor = 1.0 / divisor
    row = head.to(tl.int64) * QUERIES + i
    tl.store(REFERENCE + row, m, mask=live)
    tl.store(FACTOR + row, factor, mask=live)
    if STATISTICS:
        table = TABLE + head.to(tl.int64) * 8 * QUERIES + i
        tl.store(table, total * factor * tl.log(divisor) - products * factor, mask=live)
        tl.store(table + QUERIES, steps * factor, mask=live)
        tl.store(table + 7 * QUERIES, marked * factor, mask=live)
        for metric in tl.static_range(2, 7):
            j = i * 0
            if metric == 3:
                j = i
            if metric == 4:
                j = i - 1
            if metric == 5:
                j = i + 1
            if metric == 6:
                j = tl.load(AFTER + i, mask=live, other=-1).to(tl.int32)
            inside = live & (j >= 0) & (j < KEYS)
            k = _vectors(K, j, k_row, inside, SIZE, D)
            s = _ruled(
                tl.sum(q.to(tl.float32) * k.to(tl.float32), 1), i, j, inside, first, stop, KEYS, scale, cap,
                SEEN, ALLOWED, allowed_row, allowed_key, BIAS, bias_row, bias_key, CAPPED, SPANNED, DENSE, BIASED,
            )  # fmt: skip
            tl.store(table + metric * QUERIES, tl.exp(s - m) * factor, mask=live)


@triton.jit
def cells_kernel(
    Q, K, q_head, q_row, k_head, k_row, FIRST_HEAD, GROUPS, QUERIES, KEYS, scale, cap,
    FIRST, STOP, SEEN, ALLOWED, allowed_head, allowed_row, allowed_key, BIAS, bias_head, bias_row, bias_key,
    REFERENCE, FACTOR, CELLS, HIGH_Q, HIGH_K, PARTS_Q, PARTS_K, COLUMNS,
    CAPPED: tl.constexpr, SPANNED: tl.constexpr, DENSE: tl.constexpr, BIASED: tl.constexpr, MEAN: tl.constexpr,
    SIZE: tl.constexpr, D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, PQ: tl.constexpr, PK: tl.constexpr,
):  # fmt: skip
    """Weights of some heads pooled into cells of HIGH_Q x HIGH_K tokens: their maximum or their sum.

    A tile holds BM / PQ x BN / PK whole cells, each padded to a power of two, or one of PARTS_Q x PARTS_K parts of one.
    CELLS (heads, rows, COLUMNS) begins as zeros; for maxima it is seen as int32, which sorts weights as float32 does.
    """
    head = FIRST_HEAD + tl.program_id(1)
    number = tl.num_programs(0) - 1 - tl.program_id(0)
    r, c = tl.arange(0, BM), tl.arange(0, BN)
    inner = (number % PARTS_Q) * PQ + r % PQ
    i = ((number // PARTS_Q) * (BM // PQ) + r // PQ) * HIGH_Q + inner
    live = (inner < HIGH_Q) & (i < QUERIES)
    Q += head.to(tl.int64) * q_head
    K += (head // GROUPS).to(tl.int64) * k_head
    if DENSE:
        ALLOWED += head.to(tl.int64) * allowed_head
    if BIASED:
        BIAS += head.to(tl.int64) * bias_head
    q = _vectors(Q, i, q_row, live, SIZE, D)
    row = head.to(tl.int64) * QUERIES + i
    m = tl.load(REFERENCE + row, mask=live, other=0.0)
    factor = tl.load(FACTOR + row, mask=live, other=0.0)
    first, stop = tl.zeros((BM,), tl.int32), tl.zeros((BM,), tl.int32) + KEYS
    low, high = 0, KEYS
    if SPANNED:
        first = tl.load(FIRST + i, mask=live, other=KEYS).to(tl.int32)
        stop = tl.load(STOP + i, mask=live, other=0).to(tl.int32)
        low = tl.min(first, 0)
        high = tl.max(stop, 0)
    begin = low // HIGH_K // (BN // PK) * PARTS_K
    end = (tl.maximum(high - 1, 0) // HIGH_K // (BN // PK) + 1) * PARTS_K
    cell_q = (number // PARTS_Q) * (BM // PQ) + tl.arange(0, BM // PQ)
    CELLS += tl.program_id(1).to(tl.int64) * tl.cdiv(QUERIES, HIGH_Q) * COLUMNS
    for at in range(begin, end):
        within = (at % PARTS_K) * PK + c % PK
        j = ((at // PARTS_K) * (BN // PK) + c // PK) * HIGH_K + within
        real = (within < HIGH_K) & (j < KEYS)
        k = _vectors(K, j, k_row, real, SIZE, D)
        s = tl.dot(q, tl.trans(k), input_precision="ieee")
        s = _ruled(
            s, i[:, None], j[None, :], live[:, None] & real[None, :], first[:, None], stop[:, None],
            KEYS, scale, cap, SEEN, ALLOWED, allowed_row, allowed_key, BIAS, bias_row, bias_key,
            CAPPED, SPANNED, DENSE, BIASED,
        )  # fmt: skip
        p = tl.exp(s - m[:, None]) * factor[:, None]
        parts = tl.reshape(p, (BM // PQ, PQ, BN // PK, PK))
        cell_k = (at // PARTS_K) * (BN // PK) + tl.arange(0, BN // PK)
        place = CELLS + cell_q[:, None] * COLUMNS + cell_k[None, :]
        there = (cell_q * HIGH_Q < QUERIES)[:, None] & (cell_k < COLUMNS)[None, :]
        if MEAN:
            tl.atomic_add(place, tl.sum(tl.sum(parts, 3), 1), mask=there)
        else:
            found = tl.max(tl.max(parts, 3), 1)
            tl.atomic_max(place, found.to(tl.int32, bitcast=True), mask=there)
