/** The pages' whole style; in the palette of the simulator's chat page. */
export const STYLE = `
:root{scroll-padding:16px 0 84px;--paper:#f6f5f2;--card:#fff;--line:#e6e3dc;--edge:#8b918c;--ink:#1f2421;--soft:#5d645f;--accent:#17695c;--accent-ink:#fff;
--wash:#e3efec;--good:#1f7a54;--bad:#b03a24;color-scheme:light dark;
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;color:var(--ink);background:var(--paper)}
@media (prefers-color-scheme:dark){:root{--paper:#131615;--card:#1a1e1d;--line:#2a302e;--edge:#7d8883;--ink:#e9edea;--soft:#9aa49f;
--accent:#3fa894;--accent-ink:#06201b;--wash:#1d2f2b;--good:#4cc38a;--bad:#f0806a}}
*{box-sizing:border-box}
body{margin:0;padding:clamp(16px,5vw,64px) 16px}
main{max-width:600px;margin:0 auto}
h1{font-size:24px;line-height:1.25;letter-spacing:-.01em;margin:0 0 12px}
p{margin:0 0 16px}
.soft{color:var(--soft)}
.code{font:13px/1.4 ui-monospace,SFMono-Regular,Menlo,monospace;color:var(--soft)}
form,.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px;margin:24px 0}
fieldset{border:0;margin:0 0 20px;padding:0}
legend{padding:0;font-weight:600;margin-bottom:8px}
ul{list-style:none;margin:0;padding:0}
li+li{border-top:1px solid var(--line)}
.row{display:grid;grid-template-columns:auto 40px 1fr;gap:4px 12px;align-items:center;padding:12px 8px;border-radius:8px;cursor:pointer}
.row:hover{background:var(--wash)}
.row.off{cursor:default}.row.off:hover{background:none}
.row input{width:20px;height:20px;margin:0;accent-color:var(--accent)}
.picture{width:40px;height:40px;border-radius:50%;object-fit:cover;background:var(--line);display:grid;place-items:center;
font-weight:600;color:var(--soft)}
.name{font-weight:600;overflow-wrap:anywhere}
.more{display:block;font-size:14px;color:var(--soft);overflow-wrap:anywhere}
.note{padding:12px 16px;border-radius:8px;background:var(--wash);margin:0 0 16px}
.note p:last-child{margin:0}
.alert{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--bad)}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
.result{padding:12px 0}
button,.button{display:inline-block;font:inherit;font-weight:600;min-height:44px;padding:10px 20px;border:1px solid transparent;border-radius:8px;
background:var(--accent);color:var(--accent-ink);cursor:pointer;text-decoration:none}
.button.quiet{background:none;color:var(--accent);border-color:var(--edge)}
form button{position:sticky;bottom:12px}
.actions{display:flex;flex-wrap:wrap;gap:12px}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
@media (max-width:420px){button,.button{width:100%;text-align:center}form,.card{padding:16px 12px}}
`;
