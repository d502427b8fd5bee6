"""CEL expressions of schemas (`x-kubernetes-validations`): values, functions, rules.

The library evaluates; what Kubernetes does around it (types by schema, escaped names, causes) is here.
"""
