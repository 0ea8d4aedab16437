"""Tell a formula that only draws from one that may do more."""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final = re.compile(r"\\([A-Za-z@]+)")
_PLACES: Final = re.compile(r"\\(?:begin|end)(?![A-Za-z@])(?:\s*\{\s*([A-Za-z]+)\*?\s*\})?")

_COMMANDS: Final = r"""
alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu
nu xi omicron pi varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega digamma
Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega varGamma varDelta varTheta varLambda
varXi varPi varSigma varUpsilon varPhi varPsi varOmega aleph beth gimel daleth hbar hslash ell
wp Re Im imath jmath partial nabla infty emptyset varnothing forall exists nexists neg lnot top
bot angle measuredangle sphericalangle triangle square blacksquare Box Diamond lozenge
blacklozenge star bigstar clubsuit diamondsuit heartsuit spadesuit flat natural sharp prime
backprime surd complement mho eth Bbbk degree checkmark maltese dag ddag dagger ddagger S P
copyright circledR circledS pounds yen euro cents sum prod coprod int iint iiint iiiint oint
oiint oiiint intop bigcup bigcap bigsqcup bigvee bigwedge bigodot bigotimes bigoplus biguplus
idotsint frac dfrac tfrac cfrac binom dbinom tbinom genfrac over choose atop sqrt root of pm mp
times div cdot cdotp ast circ bullet oplus ominus otimes oslash odot cap cup sqcap sqcup uplus
vee wedge lor land setminus smallsetminus wr amalg diamond bigcirc bigtriangleup bigtriangledown
triangleleft triangleright ltimes rtimes leftthreetimes rightthreetimes dotplus boxplus boxminus
boxtimes boxdot barwedge veebar doublebarwedge curlyvee curlywedge Cup Cap divideontimes
centerdot intercal circledast circledcirc circleddash leq le geq ge neq ne equiv sim simeq
approx approxeq cong propto varpropto asymp doteq doteqdot prec succ preceq succeq precsim
succsim ll gg lll ggg leqslant geqslant leqq geqq lesssim gtrsim lessapprox gtrapprox lessgtr
gtrless nless ngtr nleq ngeq nleqslant ngeqslant lneq gneq lneqq gneqq subset supset subseteq
supseteq subsetneq supsetneq subseteqq supseteqq nsubseteq nsupseteq sqsubset sqsupset
sqsubseteq sqsupseteq in ni owns notin not mid nmid parallel nparallel perp vdash dashv models
vDash Vdash Vvdash nvdash nvDash bowtie Join smile frown between pitchfork therefore because
triangleq bumpeq Bumpeq eqcirc circeq coloneqq eqqcolon coloneq colonequals vcentcolon backsim
thicksim thickapprox precapprox succapprox ncong nsim vartriangle vartriangleleft
vartriangleright trianglelefteq trianglerighteq to gets mapsto longmapsto leftarrow rightarrow
leftrightarrow Leftarrow Rightarrow Leftrightarrow longleftarrow longrightarrow
longleftrightarrow Longleftarrow Longrightarrow Longleftrightarrow implies impliedby iff uparrow
downarrow updownarrow Uparrow Downarrow Updownarrow nearrow searrow swarrow nwarrow
hookleftarrow hookrightarrow leftharpoonup leftharpoondown rightharpoonup rightharpoondown
rightleftharpoons leftrightharpoons leadsto rightsquigarrow nleftarrow nrightarrow nLeftarrow
nRightarrow nleftrightarrow nLeftrightarrow twoheadleftarrow twoheadrightarrow leftarrowtail
rightarrowtail curvearrowleft curvearrowright circlearrowleft circlearrowright upharpoonleft
upharpoonright downharpoonleft downharpoonright leftleftarrows rightrightarrows leftrightarrows
rightleftarrows upuparrows downdownarrows Lleftarrow Rrightarrow dashleftarrow dashrightarrow
multimap xleftarrow xrightarrow xLeftarrow xRightarrow xleftrightarrow xmapsto
xrightleftharpoons hat widehat check widecheck tilde widetilde acute grave dot ddot dddot ddddot
breve bar vec mathring overline underline overbrace underbrace overbracket underbracket
overparen underparen overleftarrow overrightarrow overleftrightarrow underleftarrow
underrightarrow underleftrightarrow overset underset stackrel stackbin substack sideset
prescript xcancel cancel bcancel sout boxed fbox left right middle bigl bigr Bigl Bigr biggl
biggr Biggl Biggr big Big bigg Bigg bigm Bigm biggm Biggm lbrace rbrace lbrack rbrack langle
rangle lvert rvert lVert rVert vert Vert lfloor rfloor lceil rceil lgroup rgroup lmoustache
rmoustache ulcorner urcorner llcorner lrcorner backslash arcsin arccos arctan arg cos cosh cot
coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup injlim projlim varliminf varlimsup
varinjlim varprojlim ln log max min Pr sec sin sinh sup tan tanh operatorname
operatornamewithlimits bmod mod pmod pod limits nolimits argmax argmin mathrm mathit mathbf
mathsf mathtt mathcal mathbb mathfrak mathscr mathnormal mathop mathbin mathrel mathord mathopen
mathclose mathpunct mathinner boldsymbol bm pmb symbf rm it bf sf tt cal frak scr bold Bbb text
textrm textit textbf textsf texttt textup textmd textnormal emph mbox displaystyle textstyle
scriptstyle scriptscriptstyle tiny scriptsize small normalsize large Large LARGE huge Huge color
textcolor colorbox fcolorbox quad qquad enspace enskip thinspace medspace thickspace
negthinspace negmedspace negthickspace space nobreakspace phantom hphantom vphantom smash
mathstrut strut null ldots cdots vdots ddots dots dotsb dotsc dotsi dotsm dotso colon lq rq
begin end cr newline hline hdashline nonumber notag tag ce pu
"""
"""Commands that draw and space, and no more. Those that define, link, load, set classes or
styles, name what can be named later, or move what is drawn elsewhere are not among them."""

_ENVIRONMENTS: Final = """
matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix array subarray cases rcases dcases
align aligned alignat alignedat gather gathered equation split multline eqnarray CD darray
"""

_DRAWING: Final = frozenset(_COMMANDS.split())
_PLACES_DRAWN: Final = frozenset(_ENVIRONMENTS.split())


def only_draws(formula: str) -> bool:
    r"""Return whether a formula has no commands but known ones that draw.

    Examples
    --------
    >>> only_draws(r"$\frac{1}{2} \begin{pmatrix} a & b \\ c & d \end{pmatrix}$")
    True
    >>> only_draws(r"$\DeclareMathOperator{\frac}{x}$")
    False
    """
    places = (found[1] for found in _PLACES.finditer(formula))
    return _DRAWING.issuperset(_NAMES.findall(formula)) and _PLACES_DRAWN.issuperset(places)
