/**
 * The style of the page, in the page. System fonts, no picture, nothing that is fetched. Each colour has a contrast of at least
 * 4.5 to 1 with what it stands on, in both schemes; a state is told by its shape and its word too.
 */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--wash:#f5f6f7;--ink:#191d22;--soft:#5a626c;--line:#e2e5e9;--bar:#7b8794;--bad:#b3261e;--warn:#8a5600;--busy:#1a5fab;--good:#2a6b3f}
@media (prefers-color-scheme:dark){:root{--paper:#121518;--wash:#1b1f24;--ink:#e7e9ec;--soft:#a0a9b3;--line:#2c3239;--bar:#8b97a5;--bad:#ff8f85;--warn:#efb65a;--busy:#8cbcf8;--good:#83cd98}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1104px;margin:0 auto;padding:64px 32px 72px}
a{color:inherit;text-decoration:none}
a:hover{text-decoration:underline;text-underline-offset:3px}
a:focus-visible,summary:focus-visible{outline:2px solid var(--busy);outline-offset:3px;border-radius:3px}
code,.vars{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em;overflow-wrap:anywhere}
code{background:var(--wash);border-radius:4px;padding:2px 6px;-webkit-box-decoration-break:clone;box-decoration-break:clone}
p{margin:0}
ul,ol,dl,dd{margin:0;padding:0;list-style:none}
.of{margin-bottom:6px;color:var(--soft);overflow-wrap:anywhere}
h1{margin:0;font-size:clamp(28px,4.4vw,42px);line-height:1.12;letter-spacing:-.022em;font-weight:650;text-wrap:balance}
h2{margin:0;font-size:19px;line-height:1.3;letter-spacing:-.008em;font-weight:650}
.when{margin-top:12px;color:var(--soft)}
.mark{width:13px;height:13px;flex:none;fill:currentColor}
.attention,.violation,.overdue{color:var(--bad)}
.due{color:var(--warn)}
.rotating{color:var(--busy)}
.ok{color:var(--good)}
.share{display:block;width:100%;height:10px;margin:40px 0 20px;border-radius:3px;overflow:hidden}
.share rect{fill:currentColor;stroke:var(--paper);stroke-width:2px}
.figures{display:grid;grid-template-columns:repeat(6,1fr);gap:16px 24px}
.figures b{display:block;font-size:30px;line-height:1.15;font-weight:600;letter-spacing:-.02em;color:var(--ink)}
.figures span{display:flex;align-items:center;gap:7px}
.figures .none,.figures .none b{color:var(--soft);font-weight:400}
section{margin-top:56px}
h2 .mark{margin-right:9px;vertical-align:-1px;width:14px;height:14px}
h2 small{margin-left:9px;font-size:1em;font-weight:400;color:var(--soft)}
.lead{margin-top:3px;color:var(--soft);max-width:72ch;text-wrap:pretty}
.next{margin-top:32px;padding:16px 22px 18px;background:var(--wash);border-radius:10px}
.next dl{display:grid;grid-template-columns:fit-content(55%) 1fr;gap:7px 24px;align-items:baseline}
.next p{font-size:13px;color:var(--soft);margin-bottom:8px}
.next code{background:none;padding:0;font-size:.92em}
.next dt{font-weight:600}
.next dd{color:var(--soft)}
table{width:100%;margin-top:18px;border-collapse:collapse;table-layout:fixed}
details table{margin-top:0}
th,td{padding:11px 20px 11px 0;text-align:left;vertical-align:top;font-weight:400;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th:last-child,td:last-child{padding-right:0}
thead th{padding-top:0;padding-bottom:7px;font-size:13px;color:var(--soft);border-bottom-color:var(--bar)}
tbody th{font-weight:600}
tbody th span{display:block;font-weight:400;color:var(--soft)}
tbody th i{font-style:normal;font-weight:400;color:var(--soft)}
td .vars{color:var(--soft)}
td p+p{margin-top:4px}
td i{font-style:normal;color:var(--soft)}
.a{width:27%}.b{width:38%}.c{width:14%}.d{width:9%}.e{width:12%}
details{margin-top:14px}
details table{margin-top:14px}
summary{cursor:pointer;width:fit-content;font-weight:600;color:var(--ink)}
summary::marker{color:var(--soft)}
.charts{display:grid;grid-template-columns:1fr 1fr;gap:48px;margin-top:64px}
.charts section{margin-top:0;min-width:0}
.chart{display:block;width:100%;height:178px;margin-top:20px;overflow:visible;font-size:12px}
.chart text{fill:var(--soft);text-anchor:middle}
.chart .first{text-anchor:start}
.chart .last{text-anchor:end}
.chart .n{fill:var(--ink);font-weight:600}
.chart .bar{fill:var(--bar)}
.chart .late{fill:url(#late)}
.chart .soon{fill:var(--warn)}
.chart .axis{stroke:var(--line)}
.chart .limit{stroke:var(--bad);stroke-dasharray:3 3}
.chart .l{text-anchor:start;fill:var(--bad)}
.key{display:flex;flex-wrap:wrap;gap:4px 20px;margin-top:10px;font-size:13px;color:var(--soft)}
.key svg{width:11px;height:11px;margin-right:7px;vertical-align:-1px}
.dates{margin-top:14px;display:grid;grid-template-columns:auto 1fr;gap:3px 18px;font-size:13px}
.dates dt{color:var(--soft);white-space:nowrap}
.dates dd{overflow-wrap:anywhere}
.plain{margin-top:18px}
.plain th,.plain td{padding-top:8px;padding-bottom:8px}
.facts{margin-top:14px;display:grid;grid-template-columns:repeat(4,1fr);gap:16px 24px}
.facts dt{color:var(--soft)}
.facts dd{font-size:22px;font-weight:600;letter-spacing:-.01em}
footer{margin-top:64px;padding-top:18px;border-top:1px solid var(--line);color:var(--soft);font-size:13px}
footer p+p{margin-top:4px}
@media (max-width:760px){
main{padding:36px 20px 56px}
.share{margin-top:30px}
.figures{grid-template-columns:repeat(3,1fr)}
.figures b{font-size:26px}
.charts{grid-template-columns:minmax(0,1fr);gap:52px;margin-top:52px}
section{margin-top:48px}
.next{padding:14px 18px 16px}
.next dl{grid-template-columns:minmax(0,1fr);gap:2px}
.next dd+dt{margin-top:10px}
.facts{grid-template-columns:1fr 1fr}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.rows,.rows tbody,.plain,.plain tbody{display:block}
.rows tr,.plain tr{display:flex;flex-wrap:wrap;gap:4px 18px;padding:14px 0;border-bottom:1px solid var(--line)}
.rows th,.rows td,.plain th,.plain td{display:block;padding:0;border:0}
.rows th,.rows td:nth-child(2),.plain th,.plain td:last-child{flex:0 0 100%}
.rows td:empty,.plain td:empty{display:none}
.rows td:nth-child(n+3),.plain td:not(:last-child){font-size:13px;color:var(--soft)}
.rows td:nth-child(3)::before{content:"Age "}
.rows td:nth-child(4)::before{content:"Due "}
.rows td:nth-child(5)::before{content:"Runs "}
.counts td::before{content:attr(data-state) " "}
.counts td:last-child{flex:none!important;font-size:13px;color:var(--soft)}
}
@media print{
@page{size:A4;margin:16mm 14mm 18mm}
:root{--paper:#fff;--wash:#f3f4f5;--ink:#000;--soft:#4a515a;--line:#c9ced4;--bar:#6f7b88;--bad:#a01c15;--warn:#774a00;--busy:#124f93;--good:#1f5a32}
body{font-size:9.5pt;line-height:1.4;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:none;padding:0}
h1{font-size:24pt}
h2{font-size:13pt;break-after:avoid}
.lead,.when{break-after:avoid}
section{margin-top:22pt}
.share{margin:18pt 0 12pt}
.figures b{font-size:18pt}
.charts{grid-template-columns:1fr 1fr;gap:24pt;margin-top:24pt}
.charts section,.next,.facts,tr,.chart,.dates{break-inside:avoid}
thead{display:table-header-group}
th,td{padding:5pt 8pt 5pt 0}
.a{width:25%}.b{width:36%}.c{width:15%}.e{width:15%}
.counts thead th{font-size:8pt;padding-right:4pt;overflow-wrap:normal}
.whole details::details-content{content-visibility:visible;block-size:auto;display:block}
.whole summary{display:none}
summary{break-after:avoid}
a:hover{text-decoration:none}
}
`
