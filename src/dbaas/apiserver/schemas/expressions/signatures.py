"""What each function and operator takes and gives.

Sources: https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions, cel-go's `ext`
(strings, optionals) and Kubernetes' own libraries: https://kubernetes.io/docs/reference/using-api/cel/#cel-options-language-features-and-libraries
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dbaas.apiserver.schemas.expressions.static_types import Type, read_types

_ORDERED = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
_NUMBERS = ("int", "uint", "double")
_SUMMED = (*_NUMBERS, "duration")
_PARTS = ("FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear", "Hours", "Minutes", "Seconds")
_SPANS = ("Hours", "Minutes", "Seconds", "Milliseconds")


@dataclass(frozen=True)
class Signature:
    """`arguments` begin with the target of a method. A function in a namespace is no method."""

    arguments: tuple[Type, ...]
    result: Type
    is_method: bool = False


def _ordering() -> list[str]:
    pairs = [(each, each) for each in _ORDERED]
    pairs += [(one, other) for one in _NUMBERS for other in _NUMBERS if one != other]
    return [f"_{sign}_({one}, {other}) bool" for sign in ("<", "<=", ">", ">=") for one, other in pairs]


def _arithmetic() -> list[str]:
    plain = [f"_{sign}_({each}, {each}) {each}" for sign in "+-*/" for each in _NUMBERS]
    return [
        *plain,
        *(f"_%_({each}, {each}) {each}" for each in ("int", "uint")),
        *(f"-_({each}) {each}" for each in ("int", "double")),
        *(f"_+_({each}, {each}) {each}" for each in ("string", "bytes", "list(A)", "duration")),
        "_+_(duration, timestamp) timestamp",
        "_+_(timestamp, duration) timestamp",
        "_-_(timestamp, timestamp) duration",
        "_-_(timestamp, duration) timestamp",
        "_-_(duration, duration) duration",
    ]


def _conversions() -> list[str]:
    sources = {
        "int": ("int", "uint", "double", "string", "timestamp", "duration"),
        "uint": ("uint", "int", "double", "string"),
        "double": ("double", "int", "uint", "string"),
        "bool": ("bool", "string"),
        "bytes": ("bytes", "string"),
        "string": ("string", "bool", "int", "uint", "double", "bytes", "timestamp", "duration"),
        "timestamp": ("timestamp", "string", "int"),
        "duration": ("duration", "string", "int"),
    }
    return [f"{target}({each}) {target}" for target, found in sources.items() for each in found]


def _parts() -> list[str]:
    moments = [f"timestamp.get{part}({zone}) int" for part in (*_PARTS, "Milliseconds") for zone in ("", "string")]
    return moments + [f"duration.get{part}() int" for part in _SPANS]


def _lists() -> list[str]:
    return [
        *(f"list({each}).isSorted() bool" for each in _ORDERED),
        *(f"list({each}).sum() {each}" for each in _SUMMED),
        *(f"list({each}).{name}() {each}" for name in ("min", "max") for each in _ORDERED),
        *(f"list({each}).sort() list({each})" for each in _ORDERED),
        *(f"list(A).@sortByAssociatedKeys(list({each})) list(A)" for each in _ORDERED),
        *(f"list(A).{name}(A) int" for name in ("indexOf", "lastIndexOf")),
    ]


def _indexing() -> list[str]:
    found = []
    for container, index, value in (("list(A)", "int", "A"), ("map(A, B)", "A", "B")):
        optional, wrapped = f"optional_type({value})", f"optional_type({container})"
        found.append(f"_[_]({container}, {index}) {value}")
        found.append(f"_[_]({wrapped}, {index}) {optional}")
        found += [f"_[?_]({each}, {index}) {optional}" for each in (container, wrapped)]
    return found


_PLAIN = """
_==_(A, A) bool
_!=_(A, A) bool
!_(bool) bool
_?_:_(bool, A, A) A
@in(A, list(A)) bool
@in(A, map(A, B)) bool
dyn(A) dyn
type(A) type(A)
matches(string, string) bool
string.matches(string) bool
string.contains(string) bool
string.startsWith(string) bool
string.endsWith(string) bool
string.lowerAscii() string
string.upperAscii() string
string.trim() string
string.charAt(int) string
string.substring(int) string
string.substring(int, int) string
string.replace(string, string) string
string.replace(string, string, int) string
string.split(string) list(string)
string.split(string, int) list(string)
string.indexOf(string) int
string.indexOf(string, int) int
string.lastIndexOf(string) int
string.lastIndexOf(string, int) int
list(string).join() string
list(string).join(string) string
string.find(string) string
string.findAll(string) list(string)
string.findAll(string, int) list(string)
string.format(list(dyn)) string
strings::quote(string) string
list(A).slice(int, int) list(A)
list(list(A)).flatten() list(A)
list(dyn).flatten(int) list(dyn)
list(A).distinct() list(A)
list(A).reverse() list(A)
lists::range(int) list(int)
sets::contains(list(A), list(A)) bool
sets::equivalent(list(A), list(A)) bool
sets::intersects(list(A), list(A)) bool
cel::@mapInsert(map(A, B), map(A, B)) map(A, B)
optional::of(A) optional_type(A)
optional::ofNonZeroValue(A) optional_type(A)
optional::none() optional_type(A)
optional_type(A).hasValue() bool
optional_type(A).value() A
optional_type(A).or(optional_type(A)) optional_type(A)
optional_type(A).orValue(A) A
optional::unwrap(list(optional_type(A))) list(A)
list(optional_type(A)).unwrapOpt() list(A)
list(A).first() optional_type(A)
list(A).last() optional_type(A)
isIP(string) bool
ip(string) ip
ip::isCanonical(string) bool
string(ip) string
ip.family() int
ip.isUnspecified() bool
ip.isLoopback() bool
ip.isLinkLocalMulticast() bool
ip.isLinkLocalUnicast() bool
ip.isGlobalUnicast() bool
isCIDR(string) bool
cidr(string) cidr
string(cidr) string
cidr.containsIP(string) bool
cidr.containsIP(ip) bool
cidr.containsCIDR(string) bool
cidr.containsCIDR(cidr) bool
cidr.ip() ip
cidr.prefixLength() int
cidr.masked() cidr
url(string) url
isURL(string) bool
url.getScheme() string
url.getHost() string
url.getHostname() string
url.getPort() string
url.getEscapedPath() string
url.getQuery() map(string, list(string))
isSemver(string) bool
isSemver(string, bool) bool
semver(string) semver
semver(string, bool) semver
semver.isGreaterThan(semver) bool
semver.isLessThan(semver) bool
semver.compareTo(semver) int
semver.major() int
semver.minor() int
semver.patch() int
format::named(string) optional_type(format)
format.validate(string) optional_type(list(string))
isQuantity(string) bool
quantity(string) quantity
sign(quantity) int
quantity.isGreaterThan(quantity) bool
quantity.isLessThan(quantity) bool
quantity.compareTo(quantity) int
quantity.asApproximateFloat() double
quantity.asInteger() int
quantity.isInteger() bool
quantity.add(quantity) quantity
quantity.add(int) quantity
quantity.sub(quantity) quantity
quantity.sub(int) quantity
"""
_SIGNATURE = re.compile(
    r"(?:(?P<target>[a-z_]+(?:\([^.]*\))?)\.)?(?P<name>[^\s.(]+)\((?P<arguments>.*)\) (?P<result>\S.*)"
)


def _read_all(lines: list[str]) -> Mapping[str, tuple[Signature, ...]]:
    found: dict[str, tuple[Signature, ...]] = {}
    for line in lines:
        read = _SIGNATURE.fullmatch(line)
        assert read is not None, line
        name, target = read["name"].replace("::", "."), read["target"]
        arguments = (*read_types(target or ""), *read_types(read["arguments"]))
        made = Signature(arguments, read_types(read["result"])[0], is_method=target is not None)
        found[name] = (*found.get(name, ()), made)
    return found


_FORMATS = (
    *("dns1123Label", "dns1123Subdomain", "dns1035Label", "qualifiedName", "labelValue"),
    *("dns1123LabelPrefix", "dns1123SubdomainPrefix", "dns1035LabelPrefix"),
    *("uri", "uuid", "byte", "date", "datetime"),
)
_SIZED = ("string", "bytes", "list(A)", "map(A, B)")
SIGNATURES = _read_all(
    [
        *(f"size({each}) int" for each in _SIZED),
        *(f"{each}.size() int" for each in _SIZED),
        *_ordering(),
        *_arithmetic(),
        *_conversions(),
        *_parts(),
        *_lists(),
        *_indexing(),
        *(f"format::{name}() format" for name in _FORMATS),
        *_PLAIN.split("\n")[1:-1],
    ]
)
