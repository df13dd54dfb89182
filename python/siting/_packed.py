"""Texts, packed for pickles with words at hand that most of them hold."""

from __future__ import annotations

import zlib

from siting._errors import InvalidValue, SitingError, damaged

# The words of reports, the most frequent last: what is near the end is referred to in the fewest bits.
_WORDS = """\
"remedies":[{"changes":[{"field":"resources.gpu.count","from":"4","kind":"lower","message":"lower `resources.gpu\
.count` from 4 to 2","to":"2"}],"opens":1,"owner":"deployment"},{"changes":[{"field":"resources.gpu.type","kind"\
:"drop","message":"leave out `resources.gpu.type`"},{"kind":"add-option","level":"environment","message":"let ``\
 allow gpu `a100-80gb`","option":{"name":"h100-80gb","type":"gpu"},"policy":""},{"environment":"production","kin\
d":"detach","level":"environment","message":"detach `` from environment `production`","policy":""}],"opens":5,"o\
wner":"environment"}],"lowerPriority":[],"moreRemedies":true,"reasons":[],"refusal":{"clusters":253,"fitting":0,\
"wanted":1},"verdict":"refused","capacity":["on-demand","reserved","spot"],"state":"conflict","level":"workspace\
","level":"deployment","policies":[{"level":"workspace","name":"","policy":""}],"figures":{"places":[],"short":[\
{"alternative":null,"most":"0","resource":"cpu","wanted":"4"},{"alternative":null,"most":"0E","resource":"memory\
","wanted":"16Gi"},{"alternative":null,"most":"0","resource":"gpu","wanted":"1"},{"alternative":null,"most":"0E"\
,"resource":"storage","wanted":"200Gi"}],"unmet":[{"alternative":null,"condition":"type","unknown":false,"wanted\
":"t4"},{"alternative":null,"condition":"kind","unknown":false,"wanted":"gpu"},{"alternative":null,"condition":"\
cpuType","unknown":true,"wanted":"x86"}]},"code":"policy-conflict","code":"no-such-flavor","message":"the hardwa\
re is not what is demanded: type t4 wanted; kind gpu wanted","next":"demand hardware that is there","next":"dema\
nd the family, or list each `type` that will do","policies":[],"removedAlone":193},{"code":"does-not-fit-node","\
message":"one replica is more than a whole node holds: gpu 4 wanted, at most 2 on a node; memory 16Gi wanted, at\
 most 8Gi on a node","next":"lower gpu to 2, or add larger nodes","next":"ask for less, or add larger nodes","po\
licies":[],"removedAlone":29},{"code":"insufficient-capacity","message":"there is not enough room left on the no\
des: cpu 4 wanted, at most 0 left on a node; memory 16Gi wanted, at most 0E left on a node; gpu 1 wanted, at mos\
t 0 left on a node","next":"ask for fewer or smaller replicas, or add nodes","policies":[],"removedAlone":30}]},\
"scope":0,"candidates":[[0,27]]},{"code":"flavor-not-allowed","leftAfter":70,"message":"the flavor is not allowe\
d by `` (environment)","next":"choose what `siting options` lists, or have one policy of each level allow it","p\
olicies":[{"level":"environment","name":""}],"removedAlone":104},{"code":"location-not-allowed","leftAfter":124,\
"message":"the place is not allowed by `` and `` (environment)","next":"choose what `siting options` lists, or h\
ave one policy of each level allow it","policies":[{"level":"environment","name":""},{"level":"environment","nam\
e":""}],"removedAlone":124},{"code":"cordoned","leftAfter":245,"message":"the cluster is cordoned","next":"uncor\
don the cluster, or choose among others","policies":[],"removedAlone":4},"explanation":{"quarantined":[],"reason\
s":[{"code":"unhealthy","leftAfter":249,"message":"the cluster is unhealthy","next":"wait until the cluster is h\
ealthy, or choose among others","policies":[],"removedAlone":4},"places":[["aws-us-east-1","g4dn.xlarge","gpu","\
t4"],["azure-westeurope","NC4as_T4_v3","gpu","a100-80gb"],["gcp-europe-west1","g2-standard-4","gpu","l4"],["",""\
,"cpu","x86"]],"decisions":[{"report":{"audit":[{"gains":0,"level":"environment","loses":15,"policy":"","verdict\
":"placed"}],"candidateCount":27,"environment":"production","name":"","placements":[{"admittedBy":[{"level":"env\
ironment","option":{"name":"us","type":"country"},"policy":""},{"level":"environment","option":{"name":"eea","ty\
pe":"group"},"policy":""},{"level":"environment","option":{"name":"eu","type":"continent"},"policy":""},{"level"\
:"environment","option":{"name":"any","type":"gpu"},"policy":""}],"cluster":"","flavor":{"name":"t4","type":"gpu\
"},"pool":"","pricePerHour":"0.526","replicas":1}],"refusal":null,"verdict":"placed","workload":{"name":"","type\
":"model"}},{"version":[1,210604493593436],"currency":"USD","clusters":[],"scopes":[{"capacity":{"capacity":null\
,"state":"unrestricted"},"flavors":{"flavors":null,"state":"unrestricted"},"flavors":{"flavors":[[0,33],[34,277]\
],"state":"restricted"},"locations":{"countries":[[0,1],[3,3],[11,1],[13,2],[16,2],[19,1],[21,1],[25,2],[29,1]],\
"locations":[],"state":"restricted"},"providers":{"providers":null,"state":"unrestricted"}}],"""
_AT_HAND = _WORDS.encode()


def pack(text: str) -> bytes:
    """Pack a text; the bytes begin with what tells the words at hand from others."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, _AT_HAND)
    return packer.compress(text.encode()) + packer.flush()


def unpack(packed: object, what: str) -> str:
    """Return the text that was packed; what is damaged, or from another version, is an error that says so."""
    if not isinstance(packed, bytes) or len(packed) < 6:
        raise damaged(what)
    if packed[:2] == b"\x78\xf9" and packed[2:6] != zlib.adler32(_AT_HAND).to_bytes(4, "big"):
        help = "send it between processes of one version, or keep its JSON"
        raise InvalidValue(f"the pickle of {what} is of another version of siting", code="other-version", help=help)
    try:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS, _AT_HAND)
        text = unpacker.decompress(packed) + unpacker.flush()
        if not unpacker.eof or unpacker.unused_data:
            raise damaged(what)
        return text.decode()
    except SitingError:
        raise
    except (zlib.error, ValueError):
        raise damaged(what) from None
