# ruff: noqa: E501 - a record of a log is one line
"""Logs as their vendors document them, with what is in them: (source, target, traffic, records, verdict, ends)."""

from __future__ import annotations

from typing import NamedTuple

Row = tuple[str, str, str, int, str, str]


class Sample(NamedTuple):
    """A log, and what is observed in it without a cluster."""

    name: str
    origin: str
    """Where such a log is documented."""
    text: str
    title: str
    rows: list[Row]
    bad: int = 0
    skipped: int = 0


HUBBLE = """\
{"flow":{"time":"2023-01-01T00:00:00.123456789Z","verdict":"FORWARDED","IP":{"source":"10.0.0.1","destination":"10.0.0.2","ipVersion":"IPv4"},"l4":{"TCP":{"source_port":44444,"destination_port":8080,"flags":{"SYN":true}}},"source":{"ID":1,"identity":7,"namespace":"shop","pod_name":"web-5d9f-abcde","labels":["k8s:app=web"],"workloads":[{"name":"web","kind":"Deployment"}]},"destination":{"namespace":"shop","pod_name":"cart-1","workloads":[{"name":"cart","kind":"Deployment"}]},"Type":"L3_L4","node_name":"k8s1","is_reply":false,"Summary":"TCP Flags: SYN"},"node_name":"k8s1","time":"2023-01-01T00:00:00Z"}
{"flow":{"time":"2023-01-01T00:00:01Z","verdict":"FORWARDED","IP":{"source":"10.0.0.2","destination":"10.0.0.1"},"l4":{"TCP":{"source_port":8080,"destination_port":44444,"flags":{"SYN":true,"ACK":true}}},"source":{"namespace":"shop","pod_name":"cart-1","workloads":[{"name":"cart","kind":"Deployment"}]},"destination":{"namespace":"shop","pod_name":"web-5d9f-abcde","workloads":[{"name":"web","kind":"Deployment"}]},"is_reply":true}}
{"time":"1970-01-01T00:20:34.567800Z","verdict":"DROPPED","IP":{"source":"1.1.1.1","destination":"2.2.2.2"},"l4":{"TCP":{"source_port":31793,"destination_port":8080,"flags":{"SYN":true}}},"source":{"identity":2},"destination":{"identity":12345},"Type":"L3_L4","node_name":"default/k8s1","event_type":{"type":1,"sub_type":133}}
{"flow":{"time":"2023-01-01T00:00:02Z","verdict":"FORWARDED","IP":{"source":"10.0.2.15","destination":"10.0.0.1"},"l4":{"TCP":{"source_port":50000,"destination_port":8080,"flags":{"SYN":true}}},"source":{"labels":["reserved:host"]},"destination":{"namespace":"shop","pod_name":"web-5d9f-abcde","workloads":[{"name":"web","kind":"Deployment"}]},"node_name":"kind/k8s1","is_reply":false}}
{"flow":{"time":"2023-01-01T00:00:03Z","verdict":"REDIRECTED","IP":{"source":"10.0.0.1","destination":"93.184.216.34"},"l4":{"TCP":{"source_port":50001,"destination_port":443}},"source":{"namespace":"shop","pod_name":"web-5d9f-abcde","workloads":[{"name":"web","kind":"Deployment"}]},"destination":{"labels":["reserved:world"]},"destination_names":["example.com"],"is_reply":false}}
{"flow":{"verdict":"TRANSLATED","IP":{"source":"10.0.0.1","destination":"10.96.0.1"},"l4":{"TCP":{"destination_port":443}},"Type":"SOCK"}}
{"lost_events":{"source":"HUBBLE_RING_BUFFER","num_events_lost":3},"node_name":"k8s1"}
{this is no flow
"""

CALICO = """\
{"start_time":1597086517,"end_time":1597086527,"source_ip":null,"source_name":"-","source_name_aggr":"web-6d4b75cb6d-*","source_namespace":"shop","source_port":null,"source_type":"wep","dest_ip":"10.1.2.3","dest_name":"db-0","dest_name_aggr":"db-*","dest_namespace":"data","dest_port":5432,"dest_type":"wep","proto":"tcp","action":"allow","reporter":"src","bytes_in":10,"bytes_out":20,"num_flows":3}
{"start_time":"2025-01-01T00:00:00Z","end_time":"2025-01-01T00:00:15Z","action":"Deny","source_name":"pub","source_namespace":"-","dest_name":"web-6d4b75cb6d-*","dest_namespace":"shop","protocol":"tcp","dest_port":"8080","reporter":"Dst"}
"""

TETRAGON = """\
2026-03-15T00:06:32.475152409Z stdout F {"process_kprobe":{"process":{"pid":50884,"binary":"/coredns","pod":{"namespace":"kube-system","name":"dns-1","workload":"dns","workload_kind":"Deployment"}},"parent":{},"function_name":"udp_sendmsg","args":[{"sock_arg":{"family":"AF_INET","type":"SOCK_DGRAM","protocol":"IPPROTO_UDP","saddr":"10.244.0.30","daddr":"10.96.0.10","sport":45729,"dport":53}},{"int_arg":69}],"action":"KPROBE_ACTION_POST"},"node_name":"n","time":"2026-03-15T00:06:31.621475905Z"}
{"process_exec":{"process":{"pid":1}},"node_name":"n","time":"2026-03-15T00:06:31Z"}
{"process_kprobe":{"process":{"pod":{"namespace":"shop","name":"web-1"}},"function_name":"tcp_connect","args":[{"sock_arg":{"family":"AF_INET6","type":"SOCK_STREAM","protocol":"IPPROTO_TCP","saddr":"::ffff:10.0.0.8","daddr":"::ffff:1.2.3.4","sport":51234,"dport":443,"state":"TCP_SYN_SENT"}}],"action":"KPROBE_ACTION_SIGKILL"},"time":"2026-09-03T16:22:00.000000000Z"}
{"process_kprobe":{"process":{"pod":{"namespace":"shop","name":"web-1"}},"function_name":"inet_csk_accept","return":{"sock_arg":{"protocol":"IPPROTO_TCP","saddr":"10.0.0.8","daddr":"10.0.0.9","sport":9999,"dport":1234}}},"time":"2026-09-03T16:22:00Z"}
"""

ISTIO = r"""[2020-11-25T21:26:18.409Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 4 4 "-" "curl/7.73.0-DEV" "84961386-6d84-929d-98bd-c5aee93b5c88" "httpbin:8000" "10.44.1.27:80" outbound|8000||httpbin.foo.svc.cluster.local 10.44.1.23:37652 10.0.45.184:8000 10.44.1.23:46520 - default
[2020-11-25T21:26:18.409Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 3 1 "-" "curl/7.73.0-DEV" "84961386-6d84-929d-98bd-c5aee93b5c88" "httpbin:8000" "127.0.0.1:80" inbound|8000|| 127.0.0.1:41854 10.44.1.27:80 10.44.1.23:37652 outbound_.8000_._.httpbin.foo.svc.cluster.local default
[2020-11-25T21:26:19.409Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 0 135 3 1 "-" "a \"quoted\" agent" "8" "x" "10.44.1.27:80" outbound|80||httpbin.foo.svc.cluster.local 10.44.9.9:1234 10.44.9.9:8080 203.0.113.9:5555 - default
[2020-11-25T21:26:20.000Z] "- - -" 0 - rbac_access_denied_matched_policy[none] - "-" 0 0 0 - "-" "-" "-" "-" "-" inbound|9000|| - 10.44.1.27:9000 10.44.1.99:40000 - -
2020-11-25T21:26:21.000000Z	info	Envoy proxy is ready
"""

ENVOY_JSON = """\
{"start_time":"2022-12-17T09:30:41.888Z","method":"GET","path":"/","protocol":"HTTP/1.1","response_code":200,"response_flags":"-","response_code_details":"via_upstream","bytes_received":0,"bytes_sent":60,"upstream_host":"10.44.1.27:80","upstream_cluster":"outbound|80||b","upstream_local_address":"10.44.1.23:37652","downstream_local_address":"10.0.45.184:8000","downstream_remote_address":"10.44.1.23:46520","requested_server_name":"-"}
"""

CONNTRACK = """\
conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.
tcp      6 431999 ESTABLISHED src=10.1.0.5 dst=10.96.0.20 sport=51000 dport=80 packets=10 bytes=1000 src=10.1.0.9 dst=10.1.0.5 sport=8080 dport=51000 packets=8 bytes=900 [ASSURED] mark=0 use=1
[1700000000.123456]\t    [NEW] udp      17 30 src=10.1.0.5 dst=10.96.0.10 sport=40000 dport=53 [UNREPLIED] src=10.1.0.7 dst=10.1.0.5 sport=53 dport=40000
ipv4     2 icmp     1 29 src=10.1.0.5 dst=10.1.0.9 type=8 code=0 id=1 src=10.1.0.9 dst=10.1.0.5 type=0 code=0 id=1 mark=0 use=2
[1700000000.45    ]\t [UPDATE] tcp      6 60 SYN_RECV src=10.1.0.6 dst=10.1.0.9 sport=51000 dport=8080 src=10.1.0.9 dst=10.1.0.6 sport=8080 dport=51000
ipv6     10 tcp      6 300 ESTABLISHED src=fd00::5 dst=fd00::9 sport=51000 dport=443 src=fd00::9 dst=fd00::5 sport=443 dport=51000 [ASSURED] mark=0 zone=0 use=2
nothing of the kind
"""

KERNEL = """\
2023-05-01T10:00:00.123456+00:00 node1 kernel: [ 12.3] crenel-drop: IN=eth0 OUT= MAC=00:11 SRC=1.2.3.4 DST=10.0.0.5 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=44000 DPT=22 WINDOW=64240 RES=0x00 SYN URGP=0
May  1 10:00:01 node1 kernel: accept IN=eth0 OUT=eth1 SRC=fd00:0000:0000:0000:0000:0000:0000:0001 DST=fd00:0000:0000:0000:0000:0000:0000:0002 LEN=72 TC=0 HOPLIMIT=63 FLOWLBL=0 PROTO=TCP SPT=443 DPT=50000 WINDOW=1 RES=0x00 ACK SYN URGP=0
May  1 10:00:02 node1 systemd: Started something
May  1 10:00:03 node1 kernel: log IN=eth0 OUT= SRC=10.0.0.1 DST=10.0.0.5 LEN=84 TOS=0x00 PROTO=ICMP TYPE=8 CODE=0 ID=1 SEQ=1
"""

VPC = """\
2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 49152 22 6 20 4249 1418530010 1418530070 ACCEPT OK
2 123456789010 eni-1235b8ca123456789 172.31.16.21 172.31.16.139 22 49152 6 20 4249 1418530010 1418530070 ACCEPT OK
2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK
2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA
2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA
2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK
2 123456789010 eni-1235b8ca123456789 172.31.9.69
"""

VPC_FIVE = """\
version srcaddr dstaddr srcport dstport protocol tcp-flags pkt-srcaddr pkt-dstaddr action log-status start end bytes
5 52.213.180.42 10.0.0.62 43416 5001 6 2 52.213.180.42 10.0.0.62 ACCEPT OK 1566848875 1566848933 568
5 10.0.0.62 52.213.180.42 5001 43416 6 18 10.0.0.62 52.213.180.42 ACCEPT OK 1566848875 1566848933 376
5 10.40.1.175 10.40.2.236 39812 80 6 3 10.20.33.164 10.40.2.236 ACCEPT OK 1566848875 1566848933 376
5 10.40.2.236 10.40.1.175 80 39812 6 19 10.40.2.236 10.20.33.164 ACCEPT OK 1566848875 1566848933 376
5 10.0.0.62 52.213.180.42 5001 43418 6 0 10.0.0.62 52.213.180.42 ACCEPT OK 1566848933 1566849113 100701
version srcaddr dstaddr srcport dstport protocol tcp-flags pkt-srcaddr pkt-dstaddr action log-status start end bytes
"""

NSG = """\
{"records":[{"time":"2018-11-13T12:00:35.3899262Z","systemId":"a0fca5ce","category":"NetworkSecurityGroupFlowEvent","resourceId":"/SUBSCRIPTIONS/0","operationName":"NetworkSecurityGroupFlowEvents","properties":{"Version":2,"flows":[{"rule":"DefaultRule_DenyAllInBound","flows":[{"mac":"000D3AF87856","flowTuples":["1542110402,94.102.49.190,10.5.16.4,28746,443,U,I,D,B,,,,"]}]},{"rule":"DefaultRule_AllowInternetOutBound","flows":[{"mac":"000D3AF87856","flowTuples":["1542110377,10.5.16.4,13.67.143.118,59831,443,T,O,A,B,,,,","1542110437,10.5.16.4,13.67.143.118,59831,443,T,O,A,E,1,66,1,66"]}]}]}}]}
"""

VNET = """\
{
    "records": [
        {
            "time": "2022-09-14T09:00:52.5625085Z",
            "flowLogVersion": 4,
            "category": "FlowLogFlowEvent",
            "operationName": "FlowLogFlowEvent",
            "flowRecords": {
                "flows": [
                    {"aclID": "00000000-1234-abcd-ef00-c1c2c3c4c5c6", "flowGroups": [
                        {"rule": "DefaultRule_AllowInternetOutBound", "flowTuples": [
                            "1663146003599,10.0.0.6,52.239.184.180,23956,443,6,O,B,NX,0,0,0,0",
                            "1663146003606,10.0.0.6,52.239.184.180,23956,443,6,O,E,NX,3,767,2,1580"]}]},
                    {"aclID": "01020304-abcd-ef00-1234-102030405060", "flowGroups": [
                        {"rule": "BlockHighRiskTCPPortsFromInternet", "flowTuples": [
                            "1663145998065,101.33.218.153,10.0.0.6,55188,22,6,I,D,NX,0,0,0,0",
                            "no tuple"]}]}
                ]
            }
        }
    ]
}
"""

GCP = """\
[
 {"insertId": "a", "logName": "projects/p/logs/compute.googleapis.com%2Fvpc_flows", "timestamp": "2024-01-02T10:30:50Z",
  "jsonPayload": {"connection": {"src_ip": "10.0.0.5", "src_port": 40000, "dest_ip": "10.0.0.6", "dest_port": 5432, "protocol": 6},
   "bytes_sent": "1024", "packets_sent": "3", "reporter": "SRC", "start_time": "2024-01-02T10:30:45.123Z", "end_time": "2024-01-02T10:30:46.123Z",
   "src_gke_details": {"cluster": {"cluster_name": "c"}, "pod": {"pod_name": "web-1", "pod_namespace": "shop", "pod_workload": {"workload_name": "web", "workload_type": "Deployment"}}}}},
 {"insertId": "b", "timestamp": "2024-01-02T10:30:50Z",
  "jsonPayload": {"connection": {"src_ip": "10.0.0.6", "src_port": 5432, "dest_ip": "10.0.0.7", "dest_port": 40000, "protocol": 6}, "bytes_sent": "99"}},
 {"insertId": "c", "timestamp": "2024-01-02T10:30:50Z",
  "jsonPayload": {"connection": {"src_ip": "198.51.100.7", "src_port": 2222, "dest_ip": "10.0.0.6", "dest_port": 40022, "protocol": 6}, "disposition": "DENIED", "rule_details": {"direction": "INGRESS"}}},
 {"insertId": "d", "jsonPayload": {"message": "something else"}}
]
"""

GKE = """\
{"insertId":"a","logName":"projects/p/logs/policy-action","timestamp":"2024-01-02T10:30:50Z","jsonPayload":{"connection":{"direction":"ingress","src_ip":"10.0.0.5","src_port":40000,"dest_ip":"10.0.0.6","dest_port":5432,"protocol":"tcp"},"count":3,"disposition":"deny","node_name":"n","src":{"pod_name":"web-1","pod_namespace":"shop"},"dest":{"pod_name":"db-0","namespace":"data"}}}
{"insertId":"b","logName":"projects/p/logs/policy-action","timestamp":"2024-01-02T10:30:50Z","jsonPayload":{"connection":{"direction":"egress","src_ip":"10.0.0.5","src_port":40000,"dest_ip":"198.51.100.7","dest_port":22,"protocol":"tcp"},"disposition":"allow","policies":[{"name":"p","namespace":"shop"}],"src":{"pod_name":"web-1","pod_namespace":"shop"},"dest":{"instance":"x"}}}
{"insertId":"c","timestamp":"2024-01-02T10:30:50Z","jsonPayload":{"connection":{"src_ip":"10.0.0.5","src_port":40000.0,"dest_ip":"10.0.0.7","dest_port":80.0,"protocol":6.0},"disposition":"SOMETHING NEW"}}
"""

CSV = """\
Source IP;Destination IP;Dest Port;Protocol;Bytes;Action;Start Time
10.0.0.1;10.0.0.2;443;TCP;"1";allow;2024-01-01 00:00:00
10.0.0.1;10.0.0.2;x;TCP;1;allow;2024-01-01 00:00:00
10.0.0.1;10.0.0.2;53;udp;1;deny;1704067200
10.0.0.1;10.0.0.2
"""

NFDUMP = """\
ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt
2024-01-01 00:00:00,2024-01-01 00:00:05,5,10.0.0.1,10.0.0.2,1025,5000,TCP,....S.,3,180
2024-01-01 00:00:00,2024-01-01 00:00:05,5,10.0.0.2,10.0.0.1,5000,1025,TCP,.AP.S.,3,180
"""

_TOLD, _GUESSED, _KNOWN = "told", "guessed", "known"
_SEEN, _DROPPED, _UNKNOWN = "forwarded", "dropped", "unknown"

SAMPLES = [
    Sample("hubble", "cilium/cilium, api/v1/flow/flow.proto", HUBBLE, "Hubble flows", [
        ("1.1.1.1", "2.2.2.2", "TCP/8080", 1, _DROPPED, _TOLD),
        ("node/k8s1", "shop/web", "TCP/8080", 1, _SEEN, _TOLD),
        ("shop/web", "93.184.216.34", "TCP/443", 1, _SEEN, _TOLD),
        ("shop/web", "shop/cart", "TCP/8080", 2, _SEEN, _TOLD),
    ], bad=1, skipped=2),
    Sample("calico", "Tigera, Flow log data types; goldmane/proto/api.proto", CALICO, "Calico flow log", [
        ("internet", "shop/web-6d4b75cb6d-*", "TCP/8080", 1, _DROPPED, _TOLD),
        ("shop/web-6d4b75cb6d-*", "data/db-0", "TCP/5432", 1, _SEEN, _TOLD),
    ]),
    Sample("tetragon", "cilium/tetragon, api/v1/README.md (ProcessKprobe)", TETRAGON, "Tetragon events", [
        ("10.0.0.9", "shop/web-1", "TCP/9999", 1, _UNKNOWN, _TOLD),
        ("kube-system/dns", "10.96.0.10", "UDP/53", 1, _UNKNOWN, _GUESSED),
        ("shop/web-1", "1.2.3.4", "TCP/443", 1, _DROPPED, _TOLD),
    ], skipped=1),
    Sample("istio", "istio.io, Envoy Access Logs", ISTIO, "Istio or Envoy access log", [
        ("10.44.1.23", "10.44.1.27", "TCP/80", 2, _SEEN, _TOLD),
        ("10.44.1.99", "10.44.1.27", "TCP/9000", 1, _DROPPED, _TOLD),
        ("10.44.9.9", "10.44.1.27", "TCP/80", 1, _SEEN, _TOLD),
        ("203.0.113.9", "10.44.9.9", "TCP/8080", 1, _SEEN, _TOLD),
    ], bad=1),
    Sample("envoy in JSON", "istio.io, Envoy Access Logs; Envoy, Access logging", ENVOY_JSON, "Istio or Envoy access log", [
        ("10.44.1.23", "10.44.1.27", "TCP/80", 1, _SEEN, _TOLD),
    ]),
    Sample("conntrack", "conntrack(8)", CONNTRACK, "connection tracking", [
        ("10.1.0.5", "10.1.0.7", "UDP/53", 1, _UNKNOWN, _TOLD),
        ("10.1.0.5", "10.1.0.9", "ICMP", 1, _SEEN, _TOLD),
        ("10.1.0.5", "10.1.0.9", "TCP/8080", 1, _SEEN, _TOLD),
        ("10.1.0.6", "10.1.0.9", "TCP/8080", 1, _SEEN, _TOLD),
        ("fd00::5", "fd00::9", "TCP/443", 1, _SEEN, _TOLD),
    ], bad=1),
    Sample("kernel", "nft(8), LOG STATEMENT; nf_log_syslog.c", KERNEL, "packets logged by nftables or iptables", [
        ("1.2.3.4", "10.0.0.5", "TCP/22", 1, _DROPPED, _TOLD),
        ("10.0.0.1", "10.0.0.5", "ICMP", 1, _UNKNOWN, _GUESSED),
        ("fd00::2", "fd00::1", "TCP/443", 1, _SEEN, _TOLD),
    ], skipped=1),
    Sample("vpc", "Amazon VPC user guide, Flow log record examples", VPC, "AWS VPC flow log", [
        ("172.31.16.139", "172.31.16.21", "TCP/22", 2, _SEEN, _GUESSED),
        ("172.31.9.69", "172.31.9.12", "TCP/3389", 1, _DROPPED, _GUESSED),
        ("2001:db8:1234:a100:8d6e:3477:df66:f105", "2001:db8:1234:a102:3304:8879:34cf:4071", "TCP/22", 1, _SEEN,
         _GUESSED),
    ], bad=1, skipped=2),
    Sample("vpc 5", "Amazon VPC user guide, Flow log record examples (TCP flags, NAT gateway)", VPC_FIVE,
           "AWS VPC flow log", [
        ("10.20.33.164", "10.40.2.236", "TCP/80", 2, _SEEN, _TOLD),
        ("52.213.180.42", "10.0.0.62", "TCP/5001", 3, _SEEN, _TOLD),
    ]),
    Sample("nsg", "Microsoft Learn, Flow logging for network security groups", NSG, "Azure flow log", [
        ("10.5.16.4", "13.67.143.118", "TCP/443", 2, _SEEN, _TOLD),
        ("94.102.49.190", "10.5.16.4", "UDP/443", 1, _DROPPED, _TOLD),
    ]),
    Sample("vnet", "Microsoft Learn, Virtual network flow logs", VNET, "Azure flow log", [
        ("10.0.0.6", "52.239.184.180", "TCP/443", 2, _SEEN, _TOLD),
        ("101.33.218.153", "10.0.0.6", "TCP/22", 1, _DROPPED, _TOLD),
    ], bad=1),
    Sample("gke policies", "Google Cloud, Use network policy logging", GKE, "Google Cloud VPC flow log", [
        ("10.0.0.5", "10.0.0.7", "TCP/80", 1, _UNKNOWN, _TOLD),
        ("shop/web-1", "198.51.100.7", "TCP/22", 1, _SEEN, _TOLD),
        ("shop/web-1", "data/db-0", "TCP/5432", 1, _DROPPED, _TOLD),
    ]),
    Sample("gcp", "Google Cloud, About VPC Flow Logs records; Firewall Rules Logging", GCP, "Google Cloud VPC flow log", [
        ("10.0.0.7", "10.0.0.6", "TCP/5432", 1, _SEEN, _GUESSED),
        ("198.51.100.7", "10.0.0.6", "TCP/40022", 1, _DROPPED, _TOLD),
        ("shop/web", "10.0.0.6", "TCP/5432", 1, _SEEN, _GUESSED),
    ], skipped=1),
    Sample("csv", "RFC 4180", CSV, "CSV", [
        ("10.0.0.1", "10.0.0.2", "TCP/443", 1, _SEEN, _TOLD),
        ("10.0.0.1", "10.0.0.2", "UDP/53", 1, _DROPPED, _TOLD),
    ], bad=2),
    Sample("nfdump", "nfdump(1), -o csv", NFDUMP, "CSV", [
        ("10.0.0.1", "10.0.0.2", "TCP/5000", 2, _SEEN, _TOLD),
    ]),
]  # fmt: skip
