/// The one stylesheet of all pages: light and dark, from a phone's width up, nothing external.
enum Stylesheet {
  static let text = """
    :root { --page: #f4f5f7; --card: #ffffff; --line: #dde1e7; --text: #1a2029; --soft: #566072;
      --accent: #2563c9; --bar: #4a86e8; --reference: #5d6675; --guard: #f3e3df;
      --good: #12703f; --good-back: #dcf3e5; --bad: #b3261e; --bad-back: #fbe3e1;
      --wait: #7a5200; --wait-back: #fcefcf; }
    @media (prefers-color-scheme: dark) {
      :root { --page: #0f1319; --card: #181e27; --line: #2d3644; --text: #e8ecf2; --soft: #a3aec0;
        --accent: #7fb0ff; --bar: #4f8ff0; --reference: #b4bdcb; --guard: #3a2624;
        --good: #7fdca6; --good-back: #14392a; --bad: #ffaaa2; --bad-back: #4a1d1a;
        --wait: #f3cf7a; --wait-back: #42330f; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--page); color: var(--text);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
    main { max-width: 1200px; margin: 0 auto; padding: 24px 20px 48px; }
    a { color: var(--accent); }
    h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em;
      overflow-wrap: anywhere; }
    h2 { font-size: 1.1rem; margin: 32px 0 12px; }
    h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
    p { margin: 0; }
    .soft { color: var(--soft); }
    .small { font-size: 0.85rem; }
    code { font: 0.85em ui-monospace, "DejaVu Sans Mono", Menlo, monospace; overflow-wrap: anywhere; }
    .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
      padding: 16px 18px; }
    .verdict { margin-top: 20px; padding: 20px 22px; border-left: 6px solid var(--soft); }
    .verdict .state { font-size: 1.9rem; line-height: 1.15; font-weight: 700;
      letter-spacing: -0.02em; }
    .verdict .sentence { font-size: 1.1rem; margin-top: 8px; overflow-wrap: anywhere; }
    .verdict .small { margin-top: 8px; }
    .verdict.good { border-left-color: var(--good); } .verdict.good .state { color: var(--good); }
    .verdict.bad { border-left-color: var(--bad); } .verdict.bad .state { color: var(--bad); }
    .verdict.wait { border-left-color: var(--wait); } .verdict.wait .state { color: var(--wait); }
    .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(120px, 1fr)); gap: 12px;
      margin-top: 12px; }
    .facts > div { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
      padding: 10px 14px; }
    .facts b { display: block; font-size: 1.1rem; line-height: 1.4; white-space: nowrap;
      font-variant-numeric: tabular-nums; }
    .facts span { display: block; color: var(--soft); font-size: 0.82rem; line-height: 1.3; }
    .taps { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 350px), 1fr));
      gap: 16px; }
    .tap { display: flex; flex-direction: column; gap: 8px; }
    .tap header { display: flex; justify-content: space-between; align-items: flex-start;
      gap: 10px; }
    .tap svg { width: 100%; height: auto; display: block; }
    .tap .sentence { overflow-wrap: anywhere; font-size: 0.95rem; }
    .numbers { display: flex; flex-wrap: wrap; gap: 4px 16px; color: var(--soft);
      font-size: 0.85rem; font-variant-numeric: tabular-nums; margin-top: auto; }
    .numbers b { color: var(--text); font-weight: 600; }
    .chip { display: inline-block; padding: 1px 10px; border-radius: 999px; font-size: 0.82rem;
      font-weight: 600; white-space: nowrap; background: var(--line); color: var(--text); }
    .chip.good { background: var(--good-back); color: var(--good); }
    .chip.bad { background: var(--bad-back); color: var(--bad); }
    .chip.wait { background: var(--wait-back); color: var(--wait); }
    .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 12px; color: var(--soft);
      font-size: 0.85rem; }
    .legend i { display: inline-block; width: 16px; height: 11px; margin-right: 6px;
      vertical-align: -1px; }
    .legend .live { background: var(--bar); } .legend .reference { border: 2px solid
      var(--reference); border-bottom: 0; }
    .legend .guard { background: var(--bad); }
    .meter { width: 200px; height: 12px; display: block; }
    .bar { fill: var(--bar); } .bar.guarded { fill: var(--bad); }
    .zone { fill: var(--guard); } .axis { stroke: var(--line); stroke-width: 1; }
    .grid { stroke: var(--line); stroke-width: 1; stroke-dasharray: 2 4; }
    .steps { fill: none; stroke: var(--reference); stroke-width: 2; stroke-linejoin: miter; }
    .tick { fill: var(--soft); font: 11.5px system-ui, -apple-system, "Segoe UI", sans-serif;
      font-variant-numeric: tabular-nums; }
    .tick.guarded { fill: var(--bad); font-weight: 600; }
    .scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
      border-radius: 12px; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    th, td { text-align: left; padding: 10px 14px; border-bottom: 1px solid var(--line);
      vertical-align: top; }
    tr:last-child > td { border-bottom: 0; }
    th { color: var(--soft); font-size: 0.82rem; font-weight: 600; }
    td.number, th.number { text-align: right; }
    td .sentence { margin-top: 2px; }
    td[data-name] { white-space: nowrap; }
    @media (max-width: 640px) {
      main { padding: 16px 12px 40px; }
      .facts { grid-template-columns: repeat(2, 1fr); }
      table.stack thead { display: none; }
      table.stack tr { display: block; padding: 12px 14px; border-bottom: 1px solid var(--line); }
      table.stack tr:last-child { border-bottom: 0; }
      table.stack td { display: flex; justify-content: space-between; gap: 16px; padding: 2px 0;
        border: 0; text-align: right; }
      table.stack td[data-name]::before { content: attr(data-name); color: var(--soft);
        font-size: 0.85rem; text-align: left; }
      table.stack td.wide { display: block; text-align: left; padding-bottom: 6px; }
      table.stack td.wide::before { content: none; } }
    """
}
