"""CEL expressions of schemas (`x-kubernetes-validations`): read, checked and evaluated as by kube-apiserver.

What Kubernetes does around CEL (types by schema, escaped names, budgets, causes) is here too.
"""
