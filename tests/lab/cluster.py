"""A compact cluster with a policy of every sort: two nodes, four pods, both families."""

from __future__ import annotations

MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: data}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {zone: a}}
status: {addresses: [{type: InternalIP, address: 172.18.0.2}, {type: InternalIP, address: "fd00:172:18::2"}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2, labels: {zone: b}}
status: {addresses: [{type: InternalIP, address: 172.18.0.3}, {type: InternalIP, address: "fd00:172:18::3"}]}
---
apiVersion: v1
kind: Pod
metadata: {namespace: shop, name: web, labels: {app: web}}
spec:
  nodeName: n1
  containers: [{name: c, image: example.org/web, ports: [{name: http, containerPort: 8080}]}]
status: {phase: Running, podIPs: [{ip: 10.244.1.2}, {ip: "fd00:10:244:1::2"}]}
---
apiVersion: v1
kind: Pod
metadata: {namespace: shop, name: api, labels: {app: api}}
spec:
  nodeName: n2
  containers: [{name: c, image: example.org/api, ports: [{name: http, containerPort: 9090}]}]
status: {phase: Running, podIPs: [{ip: 10.244.2.2}, {ip: "fd00:10:244:2::2"}]}
---
apiVersion: v1
kind: Pod
metadata: {namespace: data, name: db, labels: {app: db}}
spec:
  nodeName: n2
  containers: [{name: c, image: example.org/db, ports: [{name: sql, containerPort: 5432}]}]
status: {phase: Running, podIPs: [{ip: 10.244.2.3}, {ip: "fd00:10:244:2::3"}]}
---
apiVersion: v1
kind: Pod
metadata: {namespace: data, name: agent, labels: {app: agent}}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: c, image: example.org/agent}]}
status: {phase: Running, podIPs: [{ip: 172.18.0.2}, {ip: "fd00:172:18::2"}]}
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: first}
spec:
  tier: Admin
  priority: 10
  subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}
  ingress:
  - action: Accept
    from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}}]
    protocols: [{tcp: {destinationPort: {number: 7000}}}]
  - action: Pass
    from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: api}}}}]
    protocols: [{destinationNamedPort: http}]
  - action: Deny
    from: [{namespaces: {}}]
  egress:
  - action: Pass
    to: [{networks: [203.0.113.8/32, "2001:db8:a::8/128"]}]
  - action: Deny
    to: [{networks: [203.0.113.0/24, "2001:db8:a::/64"]}]
  - action: Deny
    to: [{nodes: {matchLabels: {zone: b}}}]
    protocols: [{tcp: {destinationPort: {range: {start: 20, end: 25}}}}]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: second}
spec:
  tier: Admin
  priority: 20
  subject: {namespaces: {}}
  ingress:
  - action: Deny
    from: [{namespaces: {}}]
    protocols: [{udp: {destinationPort: {number: 53}}}, {sctp: {destinationPort: {range: {start: 1000, end: 1005}}}}]
  egress:
  - action: Accept
    to: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}}]
    protocols: [{destinationNamedPort: sql}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: api}}}]
    ports: [{port: http}]
  - from:
    - ipBlock: {cidr: 198.51.100.0/24, except: [198.51.100.64/26]}
    - ipBlock: {cidr: "2001:db8:1::/48", except: ["2001:db8:1:8000::/64"]}
    ports: [{port: 8080, endPort: 8090}, {port: 5353, protocol: UDP}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: api}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {}}]
    ports: [{port: http}, {port: 9000, protocol: SCTP}]
  - to: [{ipBlock: {cidr: 192.0.2.0/24}}, {ipBlock: {cidr: 203.0.113.8/32}}, {ipBlock: {cidr: "2001:db8:a::8/128"}}]
    ports: [{protocol: UDP}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: data, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}, podSelector: {}}]
    ports: [{port: sql}]
  - ports: [{port: 5000, endPort: 5010}]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: last}
spec:
  tier: Baseline
  priority: 10
  subject: {namespaces: {}}
  ingress:
  - action: Accept
    from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}]
    protocols: [{tcp: {destinationPort: {number: 9090}}}]
  - action: Deny
    from: [{namespaces: {}}]
  egress:
  - action: Deny
    to: [{networks: [192.0.2.0/25, "2001:db8:1::/48"]}, {nodes: {}}]
    protocols: [{tcp: {destinationPort: {number: 443}}}]
"""
