/// Appearance and behaviour of the report's page; it needs nothing from outside.
enum ReportStyle {
  static let css = """
    :root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --text: #1a1d23;
      --faint: #667080; --rule: #e2e5ea; --good: #0a7a4b; --bad: #b42318; --badcard: #fef1f0;
      --c0: #2563eb; --c1: #d9690c; --c2: #0d9467; --c3: #9333ea; --c4: #c8245b; --c5: #0e8ba8; }
    @media (prefers-color-scheme: dark) { :root { --page: #111418; --card: #1a1e24;
      --text: #e7eaee; --faint: #97a1ae; --rule: #2d333c; --good: #4fd39a; --bad: #ff8d82;
      --badcard: #37201f; --c0: #6ea0ff; --c1: #ffa04d; --c2: #41d3a0; --c3: #c58bff;
      --c4: #ff7ba6; --c5: #4fc9e6; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--page); color: var(--text);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
    main { max-width: 1160px; margin: 0 auto; padding: 32px 20px 64px; }
    h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
    h2 { font-size: 20px; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
    h3 { font-size: 15px; margin: 26px 0 10px; }
    .sub { color: var(--faint); margin: 2px 0 0; overflow-wrap: anywhere; }
    .card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px;
      padding: 20px; margin-top: 20px; }
    .bad { background: var(--badcard); border-color: var(--bad); }
    .bad ul { margin: 6px 0 0; padding-left: 20px; overflow-wrap: anywhere; }
    .scroll { overflow-x: auto; margin: 0 -20px; padding: 0 20px; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    th, td { padding: 7px 12px; text-align: right; white-space: nowrap;
      border-bottom: 1px solid var(--rule); }
    thead th { color: var(--faint); font-weight: 500; font-size: 13px; vertical-align: bottom; }
    tbody tr:last-child > * { border-bottom: 0; }
    th:first-child, td:first-child { text-align: left; padding-left: 0; }
    tbody th { font-weight: 500; vertical-align: top; }
    .clips tr > * { border-bottom: 0; }
    .clips tbody > tr:first-child > * { border-top: 1px solid var(--rule); }
    .clips tr + tr > * { padding-top: 0; }
    .several td.model, .several th:nth-child(2) { text-align: left; padding-left: 12px; }
    tbody th a { color: inherit; text-decoration-color: var(--faint); text-underline-offset: 3px; }
    th:last-child, td:last-child { padding-right: 0; }
    .models { margin-bottom: 14px; }
    .models strong { color: var(--text); }
    .name { display: inline-block; max-width: 260px; overflow: hidden; text-overflow: ellipsis;
      vertical-align: bottom; }
    .total > tr > * { font-weight: 650; }
    .clips .total > tr:first-child > * { border-top: 2px solid var(--rule); }
    .best { color: var(--good); font-weight: 650; }
    .unit { color: var(--faint); font-weight: 400; font-size: 13px; }
    .key { display: inline-block; width: 10px; height: 10px; border-radius: 3px;
      margin-right: 7px; }
    .k0 { background: var(--c0); } .k1 { background: var(--c1); } .k2 { background: var(--c2); }
    .k3 { background: var(--c3); } .k4 { background: var(--c4); } .k5 { background: var(--c5); }
    .legend { display: flex; flex-wrap: wrap; gap: 2px 18px; color: var(--faint); font-size: 13px;
      margin: 6px 0 0; padding: 0; list-style: none; }
    .plots { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 24px; }
    figure { margin: 0; min-width: 0; }
    figcaption { color: var(--faint); font-size: 13px; margin: 4px 0 0; overflow-wrap: anywhere; }
    .plots figcaption { margin: 0 0 2px; color: var(--text); font-weight: 500; }
    svg { display: block; width: 100%; height: auto; }
    svg text { font-size: 13px; fill: var(--faint); }
    .grid { stroke: var(--rule); }
    .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
    .mark { stroke: var(--card); stroke-width: 1.5; }
    .line.c0 { stroke: var(--c0); } .line.c1 { stroke: var(--c1); } .line.c2 { stroke: var(--c2); }
    .line.c3 { stroke: var(--c3); } .line.c4 { stroke: var(--c4); } .line.c5 { stroke: var(--c5); }
    .mark.c0 { fill: var(--c0); } .mark.c1 { fill: var(--c1); } .mark.c2 { fill: var(--c2); }
    .mark.c3 { fill: var(--c3); } .mark.c4 { fill: var(--c4); } .mark.c5 { fill: var(--c5); }
    .videos { display: grid; gap: 12px;
      grid-template-columns: repeat(auto-fit, minmax(min(45%, 320px), 1fr)); }
    .triple { display: grid; gap: 12px; grid-template-columns: repeat(3, 1fr); }
    h4 { font-size: 14px; font-weight: 500; margin: 18px 0 8px; }
    h3 + h4 { margin-top: 0; }
    .triple img, .videos img, .videos video { display: block; width: 100%; height: auto; border-radius: 6px;
      background: #000; }
    .controls { display: flex; align-items: center; gap: 8px; margin-top: 12px; }
    .controls input { flex: 1; min-width: 0; accent-color: var(--c0); }
    .controls output { color: var(--faint); font-size: 13px; min-width: 9ch; text-align: right;
      font-variant-numeric: tabular-nums; }
    button { font: inherit; min-width: 40px; padding: 5px 12px; border: 1px solid var(--rule);
      border-radius: 8px; background: var(--page); color: inherit; cursor: pointer; }
    details { margin-top: 20px; }
    summary { cursor: pointer; font-weight: 600; }
    footer { color: var(--faint); font-size: 13px; margin-top: 28px; }
    footer p { margin: 0 0 8px; }
    @media (max-width: 640px) {
      main { padding: 20px 12px 40px; }
      h1 { font-size: 24px; }
      .card { padding: 16px 14px; border-radius: 10px; }
      .scroll { margin: 0 -14px; padding: 0 14px; }
      th, td { padding: 7px 9px; }
      .name { max-width: 34vw; }
      .several .name { max-width: 21vw; }
      .plots { grid-template-columns: 1fr; gap: 18px; }
      svg text { font-size: 19px; }
      .triple { display: flex; gap: 8px; overflow-x: auto; scroll-snap-type: x mandatory;
        margin: 0 -14px; padding: 0 14px; scroll-padding: 14px; }
      .triple figure { flex: 0 0 86%; scroll-snap-align: start; }
      .scroll tr:not(tr + tr) th:first-child, tbody th { position: sticky; left: 0;
        background: var(--card); box-shadow: -14px 0 var(--card); }
      .videos { gap: 8px; }
      .step { display: none; }
    }
    """

  /// Plays the videos of a clip together: the first leads, the others follow.
  static let script = """
    for (const box of document.querySelectorAll('.player')) {
      const videos = [...box.querySelectorAll('video')], [lead, ...others] = videos;
      const [play, back, on] = box.querySelectorAll('button');
      const range = box.querySelector('input'), clock = box.querySelector('output');
      const rate = Number(box.dataset.rate), step = 1 / rate;
      const seek = time => {
        const end = (lead.duration || 0) - step / 2;
        for (const v of videos) v.currentTime = Math.min(Math.max(time, 0), end);
      };
      const show = () => {
        range.value = lead.duration ? lead.currentTime / lead.duration : 0;
        clock.value = lead.currentTime.toFixed(2) + ' s';
        play.textContent = lead.paused ? 'Play' : 'Pause';
      };
      const follow = () => {
        for (const v of others) {
          const gap = lead.currentTime - v.currentTime;
          if (v.seeking || (v.ended && gap > 0)) continue;
          if (Math.abs(gap) < 0.3) {
            v.playbackRate = 1 + Math.min(Math.max(2 * gap, -0.25), 0.25);
          } else {
            v.currentTime = lead.currentTime;
            if (!lead.paused) v.play();
          }
        }
        show();
        if (!lead.paused) requestAnimationFrame(follow);
      };
      videos.forEach((v, i) => { v.controls = false; v.muted = i > 0; });
      lead.loop = true;
      box.querySelector('.controls').hidden = false;
      const toggle = () => {
        const start = lead.paused;
        videos.forEach(v => start ? v.play() : v.pause());
      };
      play.onclick = toggle;
      videos.forEach(v => v.onclick = toggle);
      const move = frames => {
        videos.forEach(v => v.pause());
        seek((Math.floor(lead.currentTime * rate + 1e-3) + frames + 0.5) * step);
      };
      back.onclick = () => move(-1);
      on.onclick = () => move(1);
      range.oninput = () => seek(range.value * lead.duration);
      lead.onplay = follow;
      lead.onpause = lead.onseeked = lead.onloadedmetadata = show;
    }
    """
}
