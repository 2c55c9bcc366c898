/// How a report page looks: in light and dark, on a screen and on A4.
enum ReportPageStyle {
  static let css = """

    :root { color-scheme: light dark; --paper: #fbfbf9; --sheet: #ffffff; --ink: #1b211d; --quiet: #667069; --rule: #e2e5e0;
      --strong-rule: #9aa39c; --current: #a3aca6; --proposed: #17694a; --tint: #eef4f0; }
    @media (prefers-color-scheme: dark) { :root { --paper: #121614; --sheet: #191e1b; --ink: #e7ebe8; --quiet: #98a39c;
      --rule: #2c332f; --strong-rule: #66716a; --current: #6f7b74; --proposed: #58c295; --tint: #1c2722; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
      "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; font-variant-numeric: tabular-nums; }
    main { max-width: 1000px; margin: 0 auto; padding: 56px 40px 72px; }
    p { margin: 0; }
    .overline, .label, .side { font-size: 12px; letter-spacing: .04em; color: var(--quiet); }
    .overline { text-transform: uppercase; letter-spacing: .1em; }
    h1 { font-size: 33px; line-height: 1.22; font-weight: 650; letter-spacing: -.018em; margin: 12px 0 18px; max-width: 28em;
      text-wrap: balance; }
    .second { font-size: 19px; line-height: 1.4; margin: -8px 0 18px; }
    h2 { font-size: 23px; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; margin: 64px 0 20px; padding-top: 16px;
      border-top: 2px solid var(--ink); }
    h3 { font-size: 15px; font-weight: 650; margin: 0; }
    section h3 { margin-top: 28px; }
    .lede { color: var(--quiet); max-width: 56em; }
    .terms { display: flex; flex-wrap: wrap; gap: 6px 10px; margin: 18px 0 0; font-size: 14px; }
    .terms dd { margin: 0 22px 0 0; color: var(--quiet); }
    code { font: 13px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
    .key::before { content: ""; display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 7px;
      vertical-align: -1px; background: var(--current); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    .key.proposed::before { background: var(--proposed); }
    .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(270px, 1fr)); gap: 14px; margin-top: 34px; }
    .card { background: var(--sheet); border: 1px solid var(--rule); border-top: 3px solid var(--proposed); border-radius: 4px;
      padding: 14px 18px 16px; }
    .card.same { border-top-color: var(--current); }
    .card:only-child { max-width: 480px; }
    .share { font-size: 30px; line-height: 1.25; font-weight: 650; letter-spacing: -.02em; margin: 4px 0 6px; }
    .same .share { color: var(--quiet); font-weight: 500; }
    .quiet { color: var(--quiet); }
    .card .quiet { font-size: 13px; margin-top: 6px; }
    figure { margin: 34px 0 0; }
    figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 4px 24px;
      margin-bottom: 6px; }
    section figcaption h3 { margin: 0; }
    .legend { font-size: 14px; }
    .legend b { font-weight: 600; margin-right: 18px; }
    .legend b:last-child { margin-right: 0; }
    .chart { display: block; width: 100%; height: auto; overflow: visible; }
    .chart text { font-size: 12px; fill: var(--quiet); }
    .chart .year { font-size: 11px; }
    .chart .change { fill: var(--ink); font-weight: 600; font-size: 11px; }
    .grid { stroke: var(--rule); stroke-width: 1; shape-rendering: crispEdges; }
    .zero { stroke: var(--strong-rule); stroke-width: 1; shape-rendering: crispEdges; }
    rect.current { fill: var(--current); }
    rect.proposed { fill: var(--proposed); }
    rect.back { opacity: .6; }
    .hit { fill: transparent; }
    g:hover .hit { fill: var(--ink); fill-opacity: .05; }
    .line { fill: none; stroke: var(--current); stroke-width: 2; stroke-linejoin: round; }
    .line.proposed { stroke: var(--proposed); }
    .line.back { stroke-dasharray: 4 3; }
    details { margin-top: 10px; font-size: 14px; }
    summary { color: var(--quiet); cursor: pointer; }
    table { width: 100%; border-collapse: collapse; margin-top: 34px; font-size: 14px; line-height: 1.4; }
    details table { margin-top: 4px; }
    .figures { table-layout: fixed; }
    .figures th:first-child { width: 40%; }
    .figures td:last-child { width: 11%; }
    caption { text-align: left; font-weight: 650; font-size: 15px; padding-bottom: 8px; }
    .notices caption { font-weight: 400; font-size: 14px; color: var(--quiet); }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    th, td { padding: 6px 0 6px 14px; text-align: right; vertical-align: baseline; border-bottom: 1px solid var(--rule);
      font-weight: 400; overflow-wrap: anywhere; }
    th:first-child { text-align: left; padding-left: 0; }
    thead th { color: var(--quiet); font-size: 12px; border-bottom-color: var(--strong-rule); overflow-wrap: normal; }
    .figures td { white-space: nowrap; overflow-wrap: normal; }
    .figures td:nth-child(n+4) { font-weight: 600; }
    .unchanged td { color: var(--quiet); }
    .total th, .total td { font-weight: 650; color: var(--ink); }
    .part th { padding-left: 18px; color: var(--quiet); }
    .notices td.text, .notices th:last-child { text-align: left; padding-left: 22px; }
    td.text { color: var(--quiet); }
    .none { color: var(--quiet); opacity: .55; }
    .example { background: var(--sheet); border: 1px solid var(--rule); border-radius: 4px; padding: 14px 18px 16px; margin-top: 14px;
      break-inside: avoid; }
    .sides { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 32px; margin-top: 8px; overflow-wrap: anywhere; }
    .side { margin-bottom: 2px; }
    .because { list-style: none; margin: 8px 0 0; padding: 0; font-size: 13px; color: var(--quiet); }
    .because li { padding: 2px 0 2px 10px; border-left: 2px solid var(--rule); }
    .because .differs { color: var(--ink); border-left-color: var(--proposed); }
    footer { margin-top: 64px; padding-top: 14px; border-top: 1px solid var(--rule); color: var(--quiet); font-size: 13px;
      max-width: 60em; }
    footer p { margin-bottom: 6px; }
    @media (max-width: 640px) { main { padding: 28px 18px; } h1 { font-size: 25px; } .sides { grid-template-columns: 1fr; }
      .figures th:first-child { width: 30%; } }
    @media print { @page { size: A4; margin: 15mm 14mm; }
      :root { --paper: #fff; --sheet: #fff; --ink: #000; --quiet: #555; --rule: #ddd; --strong-rule: #888; --current: #a3aca6;
        --proposed: #17694a; }
      body { font-size: 10pt; } main { max-width: none; padding: 0; } h1 { font-size: 20pt; } h2 { font-size: 15pt; margin-top: 28pt; }
      table, .because, .legend, .terms { font-size: 8.5pt; } .share { font-size: 18pt; }
      details:not([open]) { display: none; } figure, tr, .card, .example { break-inside: avoid; }
      h2, h3, caption, thead { break-after: avoid; }
      .chart rect, .chart line, .chart polyline { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }

    """
}
