"""A bar chart of client CPU per call, as SVG."""

from html import escape

from .measure import Results, figure

_WIDTH = 760
_LABELS = 230
_BAR = 16
_GAP = 30
_STYLE = """
  <style>
    .card { fill: #ffffff; stroke: #d0d7de }
    text { font: 12px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 13px }
    .note { fill: #59636e }
    .own { fill: #0969da }
    .peer { fill: #afb8c1 }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #3d444d }
      text { fill: #f0f6fc }
      .note { fill: #9198a1 }
      .own { fill: #4493f8 }
      .peer { fill: #656c76 }
    }
  </style>"""


def chart(results: Results, about: dict[str, str]) -> str:
    """Return the chart: a group for each workload, in which the longest bar is the same."""
    shapes: list[str] = []
    y = 30
    for workload, contestants in results.items():
        cpu = {
            name: figure(samples["cpu"]).median * 1e6
            for name, samples in contestants.items()
            if "cpu" in samples
        }
        shapes.append(f'<text class="title" x="16" y="{y}">{escape(workload)}</text>')
        y += 10
        for name, microseconds in sorted(cpu.items(), key=lambda item: item[1]):
            length = microseconds / max(cpu.values()) * (_WIDTH - _LABELS - 90)
            kind = "own" if name.startswith("production_sql") else "peer"
            middle = y + _BAR - 5
            shapes += [
                f'<text x="{_LABELS - 8}" y="{middle}" text-anchor="end">'
                f"{escape(name)}</text>",
                f'<rect class="{kind}" x="{_LABELS}" y="{y + 1}" width="{length:.1f}" '
                f'height="{_BAR - 4}" rx="2"/>',
                f'<text class="note" x="{_LABELS + length + 6:.1f}" y="{middle}">'
                f"{microseconds:,.0f} µs</text>",
            ]
            y += _BAR
        y += _GAP
    note = (
        f"Client CPU per call, median; less is better. {about['machine']}; "
        f"Python {about['python']}, {about['date']}"
    )
    shapes.append(f'<text class="note" x="16" y="{y - 4}">{escape(note)}</text>')
    height = y + 14
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
            f'width="{_WIDTH}" height="{height}" role="img" aria-label="{escape(note)}">',
            _STYLE.strip("\n"),
            f'  <rect class="card" x="0.5" y="0.5" width="{_WIDTH - 1}" '
            f'height="{height - 1}" rx="6"/>',
            *(f"  {shape}" for shape in shapes),
            "</svg>\n",
        ]
    )
