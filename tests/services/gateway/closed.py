"""What no endpoint may be: closed addresses, and the ways in which people write them to get past a check."""

ADDRESSES = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.9", "192.0.2.1", "192.31.196.1",
    "192.52.193.1", "192.88.99.1", "192.168.0.1", "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.7",
    "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
    "fc00::1", "fd00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001::1", "2001:1::1", "2001:2::1",
    "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "2620:4f:8000::1",
]  # fmt: skip

LITERALS = [f"https://[{address}]/" if ":" in address else f"https://{address}/" for address in ADDRESSES]

SPELLINGS = [
    # IPv4 in every base and with parts left out, as the system's own parser reads it
    "https://2130706433/", "https://0x7f000001/", "https://0x7F000001/", "https://017700000001/", "https://127.1/",
    "https://127.0.1/", "https://0x7f.1/", "https://0177.0.0.1/", "https://0177.0.0.01/", "https://0x7f.0x0.0x0.0x1/",
    "https://0/", "https://00/", "https://0x0/", "https://0.0/", "https://10.1/", "https://0x0a.1/", "https://167772161/",
    "https://2852039166/", "https://0xa9fea9fe/", "https://0251.0376.0251.0376/", "https://169.254.43518/",
    "https://3232235521/", "https://192.168.1/", "https://127.0.0.1./", "https://127.0.0.1:443/",
    # IPv6 written out, shortened otherwise, and with an IPv4 tail
    "https://[0:0:0:0:0:0:0:1]/", "https://[0000:0000:0000:0000:0000:0000:0000:0001]/", "https://[::0001]/",
    "https://[::ffff:7f00:1]/", "https://[::FFFF:7F00:0001]/", "https://[0:0:0:0:0:ffff:127.0.0.1]/",
    "https://[::ffff:0a00:1]/", "https://[::ffff:a9fe:a9fe]/", "https://[::ffff:0:127.0.0.1]/", "https://[::7f00:1]/",
    "https://[64:ff9b::127.0.0.1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:a9fe:a9fe::]/",
    "https://[2002:c0a8:1::1]/", "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "https://[fe80::5efe:127.0.0.1]/",
    "https://[fe80::1%25eth0]/", "https://[fd00:ec2::254]/", "https://[::1%25lo]/", "https://[::]:443/",
    # names that lead inwards
    "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://LocalHost:443/", "https://ip6-localhost/",
    # another host than the one that meets the eye
    "https://example.org@127.0.0.1/", "https://example.org:443@127.0.0.1/", "https://@127.0.0.1/",
    "https://127.0.0.1#@example.org/", "https://127.0.0.1?@example.org/", "https://127.0.0.1\\@example.org/",
    "https://example.org\\@127.0.0.1/", "https:///127.0.0.1/", "https:127.0.0.1/", "https:/127.0.0.1/",
    "//127.0.0.1/", "https://127.0.0.1%2f.example.org/", "https://127.0.0.1%00.example.org/",
    # letters that are folded into digits and dots
    "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://１２７.0.0.1/", "https://ⓛocalhost/", "https://127\u2024 0.0.1/",
    # white space and control characters that some parsers drop
    " https://127.0.0.1/", "https://127.0.0.1 /", "https://127.0.0.1\t/", "https://127.\n0.0.1/", "https://\r127.0.0.1/",
    "ht\ntps://127.0.0.1/", "https://127.0.0.1\x00/", "https://\u200b127.0.0.1/",
    # other schemes
    "http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL", "ftp://127.0.0.1/", "dict://127.0.0.1:11211/", "ldap://127.0.0.1/",
    "unix:///var/run/docker.sock", "jar:https://127.0.0.1/!/", "data:text/plain,hello", "HTTP://127.0.0.1/",
    # ports that are none
    "https://127.0.0.1:0/", "https://127.0.0.1:65536/", "https://127.0.0.1:-1/", "https://127.0.0.1:4a/",
]  # fmt: skip

FORMS = LITERALS + SPELLINGS
