"""What the API would refuse: one file per kind, and the rules that kinds share.

Each check takes a decoded object and appends to a list of mistakes; an object that is right costs as little as
possible. Messages are in the API server's words. Sources are named in the files: ``pkg/apis/*/validation`` and
``staging/src/k8s.io/apimachinery`` of kubernetes/kubernetes, and the definitions of
kubernetes-sigs/network-policy-api.
"""
