/* When what happens in a training step, for the lifetimes of buffers. Node i runs forward at time i, the loss at N, the
 * number of nodes, then the nodes run backward from the last to the first.
 *
 * Under recomputation the nodes are cut into segments. What a segment computes lives while it runs forward, but for
 * what others read; before its way back it runs forward once more, into the same places. So memory holds the values of
 * one segment and what passes between segments, for one more forward pass of all segments but the last. */
#include "nn/plan_parts.h"

static void plan_times_cut(tl__plan *plan, int segments)
{
    double total = 0, before = 0;
    for (int i = 0; i < plan->node_count; i++) total += (double)plan->nodes[i].values;
    for (int i = 0; i < plan->node_count; i++) {
        int segment = total > 0 ? (int)(before / total * segments) : 0;
        plan->nodes[i].segment = segment < segments ? segment : segments - 1;
        before += (double)plan->nodes[i].values;
    }
}

TL_PRIV void tl__plan_times(tl__plan *plan, int segments)
{
    int n = plan->node_count, time = n + 1;
    if (segments > 1) plan_times_cut(plan, segments);
    else for (int i = 0; i < n; i++) plan->nodes[i].segment = 0;
    plan->segments = segments;
    for (int end = n; end > 0;) {
        int segment = plan->nodes[end - 1].segment, first = end;
        while (first > 0 && plan->nodes[first - 1].segment == segment) first--;
        for (int i = first; i < end; i++) plan->nodes[i].again = end < n ? time++ : -1;
        for (int i = end - 1; i >= first; i--) plan->nodes[i].back = time++;
        end = first;
    }
    plan->end = time;
}
