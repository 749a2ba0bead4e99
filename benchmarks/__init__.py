"""How fast reconciler is, as ratios: each product run beside a floor, the least that any tool would have to do.

Seconds say something about a machine; a ratio to a floor measured in the same minutes says something about the code.
`python -m benchmarks` measures (`make bench`), `--quick` only shows that the measuring works.
"""
