#include "run/page.h"

#include "run/markup.h"

static const char style[] =
    ":root{--ink:#1d2126;--soft:#545e69;--line:#dfe3e8;--page:#fbfbfa;--card:#fff;--good:#146c40;"
    "--bad:#b3261e;--doubt:#855900;--link:#0b5cad;color-scheme:light dark}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e7eb;--soft:#a3adb8;--line:#343a42;--page:#16191d;"
    "--card:#1e2227;--good:#5fcf95;--bad:#ff8a80;--doubt:#e6b450;--link:#7db7f0}}\n"
    "*{box-sizing:border-box}body{margin:0 auto;max-width:62rem;padding:2.5rem 1.5rem 4rem;"
    "background:var(--page);color:var(--ink);overflow-wrap:break-word;"
    "font:16px/1.55 system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}\n"
    "h1{font-size:1.7rem;margin:0 0 .2rem}h2{font-size:1.2rem;margin:0 0 .3rem}"
    "h3{font-size:.82rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);"
    "margin:1.4rem 0 .4rem}\n"
    "a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}\n"
    ".soft{color:var(--soft)}.mono,code{font-family:ui-monospace,'DejaVu Sans Mono',monospace;"
    "font-size:.88em;overflow-wrap:anywhere}\n"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}th{text-align:left;font-weight:600;"
    "color:var(--soft);border-bottom:1px solid var(--line);padding:.35rem .7rem .35rem 0}"
    "td{vertical-align:top;border-bottom:1px solid var(--line);padding:.4rem .7rem .4rem 0;"
    "overflow-wrap:anywhere}"
    "td.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:1.3rem 1.5rem;margin:1.6rem 0}\n"
    "h4{margin:.6rem 0 .1rem;font-size:.85rem;font-weight:600;color:var(--soft)}\n"
    ".why td{color:var(--soft);font-size:.95em;padding-bottom:.9rem}\n"
    ".verdict{font-weight:600;font-size:.85rem;white-space:nowrap}.HOLDS,.broke{color:var(--good)}"
    ".VIOLATED,.ERROR,.VACUOUS,.whole{color:var(--bad)}"
    ".REGRESSED,.INCONCLUSIVE,.SKIPPED{color:var(--doubt)}\n"
    ".counts{display:flex;flex-wrap:wrap;gap:.5rem 1.6rem;margin:1.2rem 0;font-size:1.05rem}"
    ".counts b{font-size:1.5rem;margin-right:.35rem}\n"
    "blockquote{margin:.6rem 0;padding:.1rem 0 .1rem 1rem;border-left:3px solid var(--line)}"
    "math{font-size:1.06em}\n"
    "figure{margin:1rem 0 0}.drawing{overflow-x:auto;background:#fff;border-radius:6px}"
    "figure svg{display:block;width:100%;min-width:36rem;height:auto;"
    "font-family:'DejaVu Sans',Verdana,sans-serif}"
    "figure svg>g>rect:first-child{stroke:none}"
    "figcaption{color:var(--soft);font-size:.92rem;margin-top:.4rem}\n"
    "dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1.2rem;font-size:.9rem;"
    "margin:.4rem 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"
    "ul{margin:.3rem 0;padding-left:1.2rem}details{margin-top:1rem}"
    "summary{cursor:pointer;color:var(--soft)}[hidden]{display:none!important}\n"
    ".filters{display:flex;flex-wrap:wrap;gap:.6rem 1.2rem;margin:0 0 1rem;font-size:.92rem}"
    ".filters select{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);"
    "border-radius:6px;padding:.15rem .4rem;max-width:100%}\n"
    "@media(max-width:700px){body{padding:1.2rem .7rem 3rem}section{padding:1rem .8rem}"
    "dl{grid-template-columns:minmax(0,1fr)}dd{margin-bottom:.4rem}"
    "thead{display:none}table,tbody,tr,td{display:block}"
    "tr{border-bottom:1px solid var(--line);padding:.5rem 0}td,td.number{border:0;padding:.1rem 0;"
    "text-align:left;white-space:normal}"
    "td[data-name]::before{content:attr(data-name) ': ';color:var(--soft)}}\n"
    "@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--page:#fff;--card:#fff;--good:#146c40;"
    "--bad:#b3261e;--doubt:#855900;--link:#000}body{max-width:none;padding:0;font-size:10pt}"
    ".filters{display:none}section{border:0;padding:0;margin:1.2rem 0}"
    "h1,h2,h3,summary,thead{break-after:avoid;break-inside:avoid}h3+*{break-before:avoid}"
    "tr,figure,blockquote,li{break-inside:avoid}"
    ".drawing{overflow:visible}figure svg{min-width:0}a{color:inherit}}\n";

/* The page is complete without it: it adds the filters, which nothing else could do. */
static const char script[] =
    "(function(){var form=document.querySelector('.filters'),items=document.querySelectorAll("
    "'[data-verdict]');if(!form)return;var said=form.querySelector('output');form.hidden=false;"
    "function apply(){var shown=0,f={};form.querySelectorAll('select').forEach(function(s){"
    "f[s.name]=s.value});items.forEach(function(e){var on=true;for(var k in f)"
    "if(f[k]&&e.dataset[k]!==f[k])on=false;e.hidden=!on;if(on&&e.tagName==='TR')shown++});"
    "said.textContent=shown+' shown'}"
    "form.addEventListener('change',apply);window.addEventListener('hashchange',function(){"
    "var e=document.getElementById(location.hash.slice(1));if(e&&e.hidden){form.reset();apply();"
    "e.scrollIntoView()}});apply()})();\n";

void ntk_page_open(FILE *out, const char *title) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
          out);
    ntk_markup_text(out, title);
    fprintf(out, "</title>\n<style>\n%s</style></head><body>\n", style);
}

void ntk_page_close(FILE *out) { fprintf(out, "<script>%s</script>\n</body></html>\n", script); }
