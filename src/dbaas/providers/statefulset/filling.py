"""How Secrets get into a file: by a program for any awk, which reads them where they are mounted.

So none of them stands in a ConfigMap, in the environment or on a command line.
"""

from __future__ import annotations

# folder: where each Secret is a file; names: which there are; its input: the file with `$(NAME)` in it.
# awk's own gsub would take characters of a Secret for its own.
FILL = r"""# Written by dbaas.
function code(text,  at, character, made) {
	for (at = 1; at <= length(text); at++) {
		character = substr(text, at, 1)
		if (character == "\"" || character == "\\") made = made "\\"
		made = made ((character in control) ? control[character] : character)
	}
	return made
}
function value(name,  line, read, text, between) {
	while ((read = getline line < (folder "/" name)) > 0) { text = text between line; between = "\n" }
	if (read < 0) { print "cannot read the Secret of " name > "/dev/stderr"; exit 1 }
	close(folder "/" name)
	return code(text)
}
BEGIN {
	for (number = 1; number < 32; number++) control[sprintf("%c", number)] = sprintf("\\u%04x", number)
	for (number = split(names, list, " "); number; number--) known[list[number]] = value(list[number])
}
{
	rest = $0; done = ""
	while (match(rest, /\$\([A-Z_]+\)/)) {
		word = substr(rest, RSTART, RLENGTH); name = substr(word, 3, RLENGTH - 3)
		done = done substr(rest, 1, RSTART - 1) ((name in known) ? known[name] : word)
		rest = substr(rest, RSTART + RLENGTH)
	}
	print done rest
}
"""
