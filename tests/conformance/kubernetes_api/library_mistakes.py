"""Rules that call what Kubernetes adds to CEL and fail, or are refused, for objects of `library_rules.SHAPE`."""

from __future__ import annotations

NO_ADDRESSES = {
    "1.2.3": "IPv4 address too short",
    "": "unable to parse IP",
    "a": "unable to parse IP",
    "%": "missing IPv6 address",
    "01.2.3.4": "IPv4 field has octet with leading zero",
    "1.2.3.256": "IPv4 field has value >255",
    "1..2.3": 'IPv4 field must have at least one digit (at ".2.3")',
    ".1.2.3": 'IPv4 field must have at least one digit (at ".1.2.3")',
    "1.2.3.": 'IPv4 field must have at least one digit (at ".")',
    "1.2.3.4.5": "IPv4 address too long",
    "1.2.3.4a": 'unexpected character (at "a")',
    " 1.2.3.4": 'unexpected character (at " 1.2.3.4")',
    "1.2.é.4": 'unexpected character (at "é.4")',
    ":::1": 'each colon-separated field must have at least one digit (at ":1")',
    ":": 'each colon-separated field must have at least one digit (at ":")',
    "1:": 'colon must be followed by more characters (at ":")',
    "::1::2": 'multiple :: in address (at ":2")',
    "12345::": 'each group must have 4 or less digits (at "12345::")',
    "g::": 'each colon-separated field must have at least one digit (at "g::")',
    "1:2": "address string too short",
    "1:2:3:4:5:6:7": "address string too short",
    "1:2:3:4:5:6:7:8:9": 'trailing garbage after address (at "9")',
    "1:2:3:4:5:6:7::8": "the :: must expand to at least one field of zeros",
    "1:2:3:4:5:6:7:8::": "the :: must expand to at least one field of zeros",
    "::1:2:3:4:5:6:7:8": "the :: must expand to at least one field of zeros",
    "1:2:3:4:5:6:7:1.2.3.4": 'embedded IPv4 address must replace the final 2 fields of the address (at "1.2.3.4")',
    "1:1.2.3.4": 'embedded IPv4 address must replace the final 2 fields of the address (at "1.2.3.4")',
    "::1:2:3:4:5:6:7:1.2.3.4": ('too many hex fields to fit an embedded IPv4 at the end of the address (at "1.2.3.4")'),
    "::1.2.3": "IPv4 address too short",
    "::1.2.3.400": "IPv4 field has value >255",
    "1:2:3:4:5:6:7:8:": 'colon must be followed by more characters (at ":")',
    "1:2:3:4:5:6:7:8x": 'unexpected character, want colon (at "x")',
    "1 ::": 'unexpected character, want colon (at " ::")',
    "::%": "zone must be a non-empty string",
}
ERRS = {
    "self.?absent.value() == 'a'": "optional.none() dereference",
    "optional.none().value() == 1": "optional.none() dereference",
    "ip('::1%eth0').family() == 4": 'IP address "::1%eth0" with zone value is not allowed',
    "ip('::ffff:1.2.3.4').family() == 4": 'IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed',
    'ip("a\\"b:").family() == 4': (
        'IP Address "a\\"b:" parse error during conversion from string: ParseAddr("a\\"b:"): '
        'unexpected character, want colon (at "\\"b:")'
    ),
    "ip.isCanonical('x')": (
        'IP Address "x" parse error during conversion from string: ParseAddr("x"): unable to parse IP'
    ),
    "cidr('1.2.3.0').prefixLength() == 1": (
        "network address parse error during conversion from string: network address parse error "
        "during conversion from string: netip.ParsePrefix(\"1.2.3.0\"): no '/'"
    ),
    "cidr('1.2.3.0/33').prefixLength() == 1": (
        "network address parse error during conversion from string: network address parse error "
        'during conversion from string: netip.ParsePrefix("1.2.3.0/33"): prefix length out of range'
    ),
    "cidr('1.2.3/33').prefixLength() == 1": (
        "network address parse error during conversion from string: network address parse error "
        'during conversion from string: netip.ParsePrefix("1.2.3/33"): ParseAddr("1.2.3"): IPv4 '
        "address too short"
    ),
    "cidr('1.2.3.0/a').prefixLength() == 1": (
        "network address parse error during conversion from string: network address parse error "
        'during conversion from string: netip.ParsePrefix("1.2.3.0/a"): bad bits after slash: "a"'
    ),
    "cidr('1.2.3.0/024').prefixLength() == 1": (
        "network address parse error during conversion from string: network address parse error "
        'during conversion from string: netip.ParsePrefix("1.2.3.0/024"): bad bits after slash: "024"'
    ),
    "cidr('1.2.3.0/').prefixLength() == 1": (
        "network address parse error during conversion from string: network address parse error "
        'during conversion from string: netip.ParsePrefix("1.2.3.0/"): bad bits after slash: ""'
    ),
    "cidr('fe80::1%eth0/64').prefixLength() == 1": (
        "network address parse error during conversion from string: network address parse error "
        'during conversion from string: netip.ParsePrefix("fe80::1%eth0/64"): IPv6 zones cannot be '
        "present in a prefix"
    ),
    "cidr('::ffff:1.2.3.4/24').prefixLength() == 1": (
        "network address parse error during conversion from string: IPv4-mapped IPv6 address "
        '"::ffff:1.2.3.4/24" is not allowed'
    ),
    "cidr('1.2.3.0/99999999999999999999').prefixLength() == 1": (
        "network address parse error during conversion from string: network address parse error "
        'during conversion from string: netip.ParsePrefix("1.2.3.0/99999999999999999999"): bad bits '
        'after slash: "99999999999999999999"'
    ),
    "cidr('192.168.0.0/24').containsIP('x')": (
        "'no such overload': call arguments did not match a supported operator, function or macro signature for rule: "
    ),
    "cidr('192.168.0.0/24').containsCIDR('x')": (
        "network address parse error during conversion from string: network address parse error "
        "during conversion from string: netip.ParsePrefix(\"x\"): no '/'"
    ),
    "ip(self.s) == ip('1.1.1.1')": (
        'IP Address "aéb" parse error during conversion from string: ParseAddr("aéb"): unable to parse IP'
    ),
    "self.l.filter(x, x == 'q').last().value() == 'a'": "optional.none() dereference",
}
REFUSED = {
    "has(self.?s)": "9: invalid argument to has() macro",
    "self.s.?x": "7: type 'string' does not support field selection",
    "self.i.?x.hasValue()": "7: type 'int' does not support field selection",
    "self.?nope.hasValue()": "5: undefined field 'nope'",
    "self.?s == 'a'": "9: found no matching overload for '_==_' applied to '(optional_type(string), string)'",
    "self.?s.orValue(1) == 1": (
        "16: found no matching overload for 'orValue' applied to 'optional_type(string).(int)'"
    ),
    "self.l[?'a'].hasValue()": "7: found no matching overload for '_[?_]' applied to '(list(string), string)'",
    "self.m[?1].hasValue()": "7: found no matching overload for '_[?_]' applied to '(map(string, string), int)'",
    "self.s.orValue('a') == 'a'": "15: found no matching overload for 'orValue' applied to 'string.(string)'",
    "self.s.hasValue()": "16: found no matching overload for 'hasValue' applied to 'string.()'",
    "self.?s.optMap(x.y, x).hasValue()": "17: optMap() variable name must be a simple identifier",
    "self.?s.optMap(x, y).hasValue()": "19: undeclared reference to 'y' (in container '')",
    "self.?s.optMap(x, x).orValue(1) == 1": (
        "29: found no matching overload for 'orValue' applied to 'optional_type(string).(int)'"
    ),
    "self.?s.optFlatMap(x, x).hasValue()": (
        "19: found no matching overload for '_?_:_' applied to '(bool, string, optional_type(dyn))'"
    ),
    "self.?s.or('a').hasValue()": (
        "11: found no matching overload for 'or' applied to 'optional_type(string).(string)'"
    ),
    "[?self.s]": "7: expected type 'optional_type(string)' but found 'string'",
    "[?self.s] == []": "7: expected type 'optional_type(string)' but found 'string'",
    "{?'a': 'b'} == {}": "8: expected type 'optional_type(string)' but found 'string'",
    "self.?s.foo()": "12: undeclared reference to 'foo' (in container '')",
    "optional.of() == 1": "12: found no matching overload for 'optional.of' applied to '()'",
    "sets.contains([1, 2.0, 3u].map(x, dyn(x)), [dyn(1)])": "19: expected type 'int' but found 'double'",
    "sets.contains(self.li, ['a'])": (
        "14: found no matching overload for 'sets.contains' applied to '(list(int), list(string))'"
    ),
    "sets.contains(self.l, 'a')": (
        "14: found no matching overload for 'sets.contains' applied to '(list(string), string)'"
    ),
    "sets.contains(self.l)": "14: found no matching overload for 'sets.contains' applied to '(list(string))'",
    "sets.foo(self.l)": (
        "1: undeclared reference to 'sets' (in container '')\n9: undeclared reference to 'foo' (in container '')"
    ),
    "self.l.contains('a')": "16: found no matching overload for 'contains' applied to 'list(string).(string)'",
    "-1.5 + 2.0 == 0.5 && (-5).size() == 1": "31: found no matching overload for 'size' applied to 'int.()'",
    "ip(1) == ip('a')": "3: found no matching overload for 'ip' applied to '(int)'",
    "isIP(self.i)": "5: found no matching overload for 'isIP' applied to '(int)'",
    "'a'.isIP()": "9: found no matching overload for 'isIP' applied to 'string.()'",
    "ip('a').foo()": "12: undeclared reference to 'foo' (in container '')",
    "ip('1.1.1.1') == '1.1.1.1'": "15: found no matching overload for '_==_' applied to '(net.IP, string)'",
    "ip('1.1.1.1') < ip('1.1.1.2')": "15: found no matching overload for '_<_' applied to '(net.IP, net.IP)'",
    "cidr('1.1.1.1/8') == ip('1.1.1.1')": ("19: found no matching overload for '_==_' applied to '(net.CIDR, net.IP)'"),
    "cidr('a').containsIP(1)": "21: found no matching overload for 'containsIP' applied to 'net.CIDR.(int)'",
    "cidr('1.1.1.1/8').family() == 4": "25: found no matching overload for 'family' applied to 'net.CIDR.()'",
    "ip.isCanonical(1)": "15: found no matching overload for 'ip.isCanonical' applied to '(int)'",
    "[ip('1.1.1.1'), cidr('1.1.1.1/8')] == []": "21: expected type 'net.IP' but found 'net.CIDR'",
    "ip('1.1.1.1').x == 1": "14: type 'net.IP' does not support field selection",
    "has(ip('1.1.1.1').x)": "4: type 'net.IP' does not support field selection",
    "string(quantity('1')) == '1'": "7: found no matching overload for 'string' applied to '(kubernetes.Quantity)'",
    "quantity('200K').sign() == 1": "22: found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'",
    "quantity('Three').sign() == 1": "23: found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'",
    "quantity('').sign() == 1": "18: found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'",
    "quantity('1 ').sign() == 1": "20: found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'",
    "quantity('Ei').sign() == 1": "20: found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'",
    "quantity('-').sign() == 0": "19: found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'",
    (
        "quantity('-5m').sign() == -1 && quantity('0').sign() == 0 && quantity('+1').sign() == 1 && "
        "quantity('0.0000000000000001').sign() == 1"
    ): (
        "21: found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'\n51: found no "
        "matching overload for 'sign' applied to 'kubernetes.Quantity.()'\n81: found no matching "
        "overload for 'sign' applied to 'kubernetes.Quantity.()'\n127: found no matching overload for "
        "'sign' applied to 'kubernetes.Quantity.()'"
    ),
    "quantity('1') == 1": "15: found no matching overload for '_==_' applied to '(kubernetes.Quantity, int)'",
    "quantity('1') + quantity('1') == quantity('2')": (
        "15: found no matching overload for '_+_' applied to '(kubernetes.Quantity, kubernetes.Quantity)'"
    ),
    "quantity('1').add('1') == quantity('2')": (
        "18: found no matching overload for 'add' applied to 'kubernetes.Quantity.(string)'"
    ),
    "self.?l.orValue([]).size() == 3 && self.?nope.hasValue()": "40: undefined field 'nope'",
    "optional.unwrap([1]) == [1]": "16: found no matching overload for 'optional.unwrap' applied to '(list(int))'",
    "self.s.first() == 1": "13: found no matching overload for 'first' applied to 'string.()'",
    "self.l.sum() == 1": "11: found no matching overload for 'sum' applied to 'list(string).()'",
}
