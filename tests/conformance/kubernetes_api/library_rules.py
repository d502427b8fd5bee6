"""Rules that call what Kubernetes adds to CEL, with what kube-apiserver says of each, for objects of `SHAPE`."""

from __future__ import annotations

from typing import Any

from conformance.kubernetes_api import test_rules
from conformance.kubernetes_api.rule_costs import array, fields, mapping, text

SHAPE: dict[str, Any] = {
    **test_rules.SHAPE,
    "absent": text(10),
    "ol": array(fields(a=text(5), b=text(5)), 3),
    "deep": fields(x=fields(y=text(5))),
    "mo": mapping(fields(a=text(5)), 3),
}
VALUES: dict[str, Any] = {
    **test_rules.VALUES,
    "ol": [{"a": "1"}, {"b": "2"}],
    "deep": {"x": {}},
    "mo": {"k": {"a": "v"}},
}
HOLDS = (
    "self.?s.orValue('z') == 'aéb'",
    "self.?absent.orValue('z') == 'z'",
    "self.?s.hasValue()",
    "self.?deep.?x.?y.orValue('q') == 'q'",
    "self.?deep.x.y.orValue('q') == 'q'",
    "self.deep.?x.y.orValue('q') == 'q'",
    "self.deep.x.?y.orValue('q') == 'q'",
    "self.?o.x.orValue('') == 'q'",
    "self.?m.a.orValue('') == '1'",
    "self.m.?a.orValue('') == '1'",
    "self.m.?zz.orValue('') == ''",
    "self.m[?'a'].orValue('') == '1'",
    "self.m[?'c-d'].orValue('') == '2'",
    "self.m[?'zz'].orValue('x') == 'x'",
    "self.l[?0].orValue('x') == 'a'",
    "self.l[?7].orValue('x') == 'x'",
    "self.l[?-1].orValue('x') == 'x'",
    "self.?l[0].orValue('x') == 'a'",
    "self.?l[?9].orValue('x') == 'x'",
    "self.?ol[0].a.orValue('x') == '1'",
    "self.?ol[1].a.orValue('x') == 'x'",
    "self.ol.map(e, e.?a.orValue('n')) == ['1', 'n']",
    "self.ol.exists(e, e.?a.hasValue())",
    "self.mo.?k.a.orValue('n') == 'v'",
    "self.mo[?'k'].?a.orValue('n') == 'v'",
    "self.mo[?'q'].?a.orValue('n') == 'n'",
    "self.?deep.optFlatMap(d, d.?x).hasValue()",
    "self.?s.optMap(x, x.size() > 2).orValue(false)",
    "self.?s.or(self.?absent).value() == 'aéb'",
    "self.?absent.or(self.?s).value() == 'aéb'",
    "optional.ofNonZeroValue('a').hasValue()",
    "optional.ofNonZeroValue(1.5).hasValue()",
    "optional.of(1) == optional.of(1)",
    "[?self.?s, 'x'] == ['aéb', 'x']",
    "[?self.?absent, 'x'] == ['x']",
    "['y', ?self.?absent] == ['y']",
    "{?'a': self.?absent, 'b': 'c'} == {'b': 'c'}",
    "{?'a': self.?s} == {'a': 'aéb'}",
    "{?'a': self.?s, 'b': 'q'}.size() == 2",
    "optional.of(self.i).orValue(3) == 1",
    "optional.of([1, 2])[?1].orValue(5) == 2",
    "optional.of([1, 2])[1].orValue(5) == 2",
    "optional.of({'a': 1}).a.orValue(3) == 1",
    "optional.of({'a': 1}).?b.orValue(3) == 3",
    "(self.b ? self.?s : self.?absent).hasValue()",
    "(self.b ? self.?deep : optional.none()).?x.hasValue()",
    "self.?i.orValue(5) + 1 == 2",
    "self.?n.orValue(1.0) > 1.0",
    "self.?d.orValue(duration('1s')) == duration('90m')",
    "self.?t.hasValue()",
    "self.?by.orValue(b'') == b'abc'",
    "self.?v.orValue(3) == '5%'",
    "self.?li.orValue([]).size() == 2",
    "[1].first().hasValue()",
    "[1].last().value() == 1",
    "optional.unwrap([optional.of(1)]) == [1]",
    "[optional.of(1), optional.none()].unwrapOpt() == [1]",
    "sets.contains(self.l, ['a'])",
    "sets.contains([], [])",
    "sets.contains(['a'], [])",
    "sets.equivalent(self.l, ['b', 'a'])",
    "sets.equivalent([], [])",
    "sets.intersects(self.l, ['b', 'z'])",
    "sets.contains([[1], [2]], [[2]])",
    "sets.contains(self.li, [1, 2]) && !sets.intersects(self.li, [5])",
    "self.i + self.j * 2 - (self.i - self.j) == 6",
    (
        "(self.i + self.j) * 2 == 6 && self.i + self.j * 2 == 5 && 10 - (3 - 2) == 9 && 10 - 3 - 2 "
        "== 5 && 8 / (4 / 2) == 4 && 8 / 4 / 2 == 1"
    ),
    "!(self.b && self.i == 2) && !!self.b && -(-self.i) == 1 && - -1 == 1",
    "self.b ? (self.b ? 1 : 2) == 1 : false",
    "(self.b ? false : true) ? false : true",
    "true || false && false",
    "!(1 in [1]) || (1 in [1]) == true",
    "[-1, - 1][0] == -1",
    "'a' + 'b' in ['ab'] && !('a' in ['b'])",
    "(1 < 2) == true && 1 < 2 != false",
    "{'a': 1, 'b': 2}['a'] == 1 && {1: 'x'}[1] == 'x' && [[1, 2], [3]][0][1] == 2",
    "self.l.filter(x, x != 'b').map(y, y + 'c')[0] == 'ac'",
    "r'\\d' == '\\\\d' && \"\"\"a\"b\"\"\" == 'a\"b' && 'it\\'s' == \"it's\" && b'\\x41' == b'A'",
    "1u + 2u == 3u && 0x10 == 16 && 1e3 == 1000.0 && .5 == 0.5",
    "null == null && type(null) == null_type",
    (
        "isIP('1.2.3.4') && isIP('::1') && isIP('fe80::1') && isIP('1:2:3:4:5:6:7:8') && isIP('::') "
        "&& isIP('1::') && isIP('::1.2.3.4') && isIP('1:2:3:4:5:6:1.2.3.4')"
    ),
    "ip('1.2.3.4').family() == 4 && ip('::1').family() == 6",
    (
        "string(ip('2001:DB8::0:0:ABCD')) == '2001:db8::abcd' && string(ip('1:0:0:2:0:0:0:3')) == "
        "'1:0:0:2::3' && string(ip('::1.2.3.4')) == '::102:304'"
    ),
    "string(ip('1:0:2:3:4:5:6:7')) == '1:0:2:3:4:5:6:7'",
    (
        "ip.isCanonical('127.0.0.1') && ip.isCanonical('2001:db8::abcd') && "
        "!ip.isCanonical('2001:DB8::ABCD') && !ip.isCanonical('2001:db8::0:0:0:abcd')"
    ),
    "ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified() && !ip('::1').isUnspecified()",
    "ip('127.5.0.1').isLoopback() && ip('::1').isLoopback() && !ip('128.0.0.1').isLoopback()",
    (
        "ip('224.0.0.1').isLinkLocalMulticast() && !ip('224.0.1.1').isLinkLocalMulticast() && "
        "ip('ff02::1').isLinkLocalMulticast() && !ip('fd00::1').isLinkLocalMulticast() && "
        "ip('ff12::1').isLinkLocalMulticast() && !ip('ff01::1').isLinkLocalMulticast()"
    ),
    (
        "ip('169.254.169.254').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast() && "
        "ip('febf::1').isLinkLocalUnicast() && !ip('fec0::1').isLinkLocalUnicast()"
    ),
    (
        "ip('192.168.0.1').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast() && "
        "ip('2001:db8::abcd').isGlobalUnicast() && !ip('ff00::1').isGlobalUnicast() && "
        "!ip('224.1.1.1').isGlobalUnicast() && !ip('127.0.0.1').isGlobalUnicast() && "
        "ip('240.0.0.1').isGlobalUnicast() && ip('fd00::1').isGlobalUnicast()"
    ),
    "isCIDR('1.2.3.0/24') && isCIDR('::1/128') && isCIDR('1.2.3.4/0') && isCIDR('1.2.3.4/24')",
    (
        "cidr('192.168.0.0/24').containsIP('192.168.0.1') && "
        "cidr('192.168.0.0/24').containsIP(ip('192.168.0.255')) && "
        "!cidr('192.168.0.0/24').containsIP('192.168.1.1') && "
        "!cidr('192.168.0.0/24').containsIP('::1') && cidr('::/0').containsIP('::1')"
    ),
    (
        "cidr('192.168.0.0/16').containsCIDR(cidr('192.168.10.0/24')) && "
        "cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24') && "
        "!cidr('192.168.1.0/24').containsCIDR('192.168.2.0/24') && "
        "!cidr('192.168.1.0/24').containsCIDR('192.168.0.0/16') && "
        "!cidr('192.168.1.0/24').containsCIDR('::/0') && "
        "cidr('10.1.2.3/8').containsCIDR('10.9.9.9/8')"
    ),
    "cidr('192.168.0.1/24').ip() == ip('192.168.0.1') && cidr('::1/128').ip().family() == 6",
    (
        "cidr('192.168.0.0/16').prefixLength() == 16 && cidr('::1/128').prefixLength() == 128 && "
        "string(cidr('2001:DB8::1/32')) == '2001:db8::1/32'"
    ),
    "self.l.all(x, !isIP(x))",
    (
        "isQuantity('1.5G') && isQuantity('200k') && isQuantity('1e3') && isQuantity('1E3') && "
        "isQuantity('+5') && isQuantity('-5m') && isQuantity('.5') && isQuantity('5.') && "
        "isQuantity('1.5Gi') && isQuantity('0.1n') && isQuantity('00012') && isQuantity('1e-30')"
    ),
    "isQuantity('Mi')",
    "isQuantity('Ti')",
    "isQuantity('E')",
    "isQuantity('k')",
    "isQuantity('n')",
    "isQuantity('-')",
    "isQuantity('+')",
    "isQuantity('.')",
    "isQuantity('-Ki')",
    "isQuantity('e3')",
    "isQuantity('1e+3')",
    "isQuantity('0')",
    "isQuantity('00')",
    "sign(quantity('1')) == 1",
    (
        "quantity('200M').compareTo(quantity('0.2G')) == 0 && "
        "quantity('50M').compareTo(quantity('50Mi')) == -1 && "
        "quantity('50Mi').compareTo(quantity('50M')) == 1"
    ),
    (
        "quantity('150Mi').isGreaterThan(quantity('100Mi')) && "
        "!quantity('50Mi').isGreaterThan(quantity('100Mi')) && "
        "quantity('50M').isLessThan(quantity('100M')) && !quantity('1').isLessThan(quantity('1'))"
    ),
    (
        "quantity('50k').add(quantity('20k')) == quantity('70k') && quantity('50k').add(20) == "
        "quantity('50020') && quantity('50k').sub(quantity('20k')) == quantity('30k') && "
        "quantity('50k').sub(20000) == quantity('30k')"
    ),
    "quantity('50k').add(20).sub(quantity('100k')).sub(-50000) == quantity('20')",
    (
        "quantity('0.1n') == quantity('1n') && quantity('-0.1n') == quantity('-1n') && "
        "quantity('1.0000000001') == quantity('1.000000001')"
    ),
    "quantity('100Ei') == quantity('9223372036854775807') && quantity('100E') == quantity('100000P')",
    (
        "quantity('1Ki') == quantity('1024') && quantity('1.5Ki') == quantity('1536') && "
        "quantity('0.5Mi') == quantity('512Ki') && quantity('1e3') == quantity('1k') && "
        "quantity('1E') == quantity('1e18') && quantity('1000m') == quantity('1')"
    ),
    "quantity('9999999999999999999999999999999999999G').isGreaterThan(quantity('1'))",
    (
        "quantity('9999999999999999999999999999999999999G').add(1) == "
        "quantity('9999999999999999999999999999999999999000000001')"
    ),
    ("self.l.first().value() == 'a' && self.l.last().value() == 'a' && !self.l.filter(x, x == 'q').first().hasValue()"),
    "optional.unwrap([optional.of(1), optional.none(), self.?i]) == [1, 1]",
    "[self.?s, self.?absent].unwrapOpt() == ['aéb']",
)
FAILS = (
    "self.?absent.hasValue()",
    "self.?o.?z.hasValue()",
    "self.?deep.optFlatMap(d, d.?x.?y).hasValue()",
    "self.?absent.or(optional.none()).hasValue()",
    "optional.ofNonZeroValue('').hasValue()",
    "optional.ofNonZeroValue(0).hasValue()",
    "optional.ofNonZeroValue([]).hasValue()",
    "optional.ofNonZeroValue({}).hasValue()",
    "optional.ofNonZeroValue(false).hasValue()",
    "optional.ofNonZeroValue(0.0).hasValue()",
    "optional.ofNonZeroValue(b'').hasValue()",
    "optional.ofNonZeroValue(duration('0s')).hasValue()",
    "optional.of(1) == optional.of(2)",
    "optional.none() == optional.of(2)",
    "sets.contains(self.l, ['a', 'q'])",
    "sets.equivalent(self.l, ['b', 'a', 'c'])",
    "sets.intersects(self.l, ['z'])",
    "sets.intersects([], [])",
    "sets.contains([dyn(true)], [dyn(1)])",
    "(true || false) && false",
    "self.?deep.optFlatMap(d, d.?x).?y.hasValue()",
    (
        "isIP('1.2.3') || isIP('01.2.3.4') || isIP('1.2.3.256') || isIP('') || isIP(':::1') || "
        "isIP('fe80::1%eth0') || isIP('::ffff:1.2.3.4') || isIP('1.2.3.4/24') || isIP('a') || "
        "isIP('1:2:3:4:5:6:7:8:9') || isIP('::ffff:102:304')"
    ),
    (
        "isCIDR('1.2.3.0') || isCIDR('1.2.3.0/33') || isCIDR('1.2.3.0/-1') || isCIDR('1.2.3.0/024') "
        "|| isCIDR('::ffff:1.2.3.4/24') || isCIDR('fe80::1%eth0/64') || isCIDR('1.2.3.0/') || "
        "isCIDR('1.2.3.0/+4') || isCIDR('::/129')"
    ),
    "isIP(self.s) || isCIDR(self.s)",
    "ip('1.1.1.1') == null",
    "type(ip('1.1.1.1')) == string",
    (
        "isQuantity('200K') || isQuantity('Three') || isQuantity('') || isQuantity('1,3G') || "
        "isQuantity(' 1') || isQuantity('1 ') || isQuantity('0x1') || isQuantity('1e') || "
        "isQuantity('1ee3') || isQuantity('1.5.2') || isQuantity('--1') || isQuantity('1KI')"
    ),
    "isQuantity('Ei')",
    "isQuantity('Pi')",
    "isQuantity('.Ei')",
    "isQuantity('e-20')",
    "isQuantity('1-5')",
    "isQuantity('1Ki2')",
    "isQuantity('1m-')",
    "isQuantity('0Q')",
    "isQuantity('0.0.0')",
    "isQuantity('1é')",
    "quantity('1') == null",
)
