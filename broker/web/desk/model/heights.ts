// SPDX-License-Identifier: Apache-2.0
// Heights of the rows of a long list: which row lies at a depth, and how deep a row lies, both in O(log n).
//
// A Fenwick tree over estimated heights that are replaced by measured ones as rows are seen.
// Invariant: top(count) is the sum of all heights; every height is at least 1, so `at` always ends.

export class Heights {
    private heights: Float64Array = new Float64Array(64);
    private tree: Float64Array = new Float64Array(65);
    count = 0;

    /** Begins anew with `count` rows. */
    reset(count: number, heightOf: (index: number) => number): void {
        this.reserve(count);
        this.count = count;
        this.tree.fill(0);
        for (let index = 0; index < count; index += 1) {
            const height = Math.max(1, heightOf(index));
            this.heights[index] = height;
            this.tree[index + 1]! += height;
            const parent = index + 1 + ((index + 1) & -(index + 1));
            if (parent <= count) this.tree[parent]! += this.tree[index + 1]!;
        }
    }

    /** Adds one row at the end. */
    push(height: number): void {
        if (this.count + 1 >= this.tree.length) {
            const held = this.heights.slice(0, this.count);
            this.reserve(this.count * 2 + 64);
            this.reset(held.length, (index) => held[index]!);
        }
        const place = this.count + 1;
        this.count = place;
        this.heights[place - 1] = Math.max(1, height);
        this.tree[place] = this.between(place - (place & -place), place - 1) + Math.max(1, height);
    }

    /** Replaces a height; returns by how much it grew. */
    set(index: number, height: number): number {
        const grown = Math.max(1, height) - this.heights[index]!;
        if (grown === 0) return 0;
        this.heights[index]! += grown;
        for (let place = index + 1; place <= this.count; place += place & -place) this.tree[place]! += grown;
        return grown;
    }

    /** How deep the row lies: the sum of all heights before it. */
    top(index: number): number {
        return this.between(0, Math.min(index, this.count));
    }

    total(): number {
        return this.top(this.count);
    }

    /** The row at this depth; the first or the last for depths outside. */
    at(depth: number): number {
        let place = 0;
        let rest = depth;
        let step = 1;
        while (step * 2 <= this.count) step *= 2;
        for (; step > 0; step >>= 1) {
            if (place + step <= this.count && this.tree[place + step]! <= rest) {
                place += step;
                rest -= this.tree[place]!;
            }
        }
        return Math.max(0, Math.min(place, this.count - 1));
    }

    /** The tree's own walk: `from` is 0 or lies on the way down from `to`. */
    private between(from: number, to: number): number {
        let sum = 0;
        for (let place = to; place > from; place -= place & -place) sum += this.tree[place]!;
        return sum;
    }

    private reserve(count: number): void {
        if (this.heights.length >= count && this.tree.length > count) return;
        this.heights = new Float64Array(count + 64);
        this.tree = new Float64Array(count + 65);
    }
}
