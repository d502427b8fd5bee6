"""CEL expressions of schemas (`x-kubernetes-validations`): values, functions, rules.

The library evaluates; what Kubernetes does around it (types by schema, escaped names, causes) is here.
"""

import sys
from types import ModuleType

# The library's package imports its own command line, and with that a whole terminal toolkit, unless a module has that
# name already: a third of a second and some MiB of every start.
sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))
