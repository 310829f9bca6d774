"""What a page may load and run, said in the page: nothing from elsewhere, no script but its own."""

import base64
import hashlib
import re
from pathlib import Path

from .disk import replace_file

_SCRIPT = re.compile(r"<script(?![^>]* (?:src|type)=)[^>]*>(.*?)</script>", re.DOTALL)
_START = re.compile(r'<head>(?:\s*<meta charset="[^"]*" ?/?>)?')
_POLICY = re.compile(r'\n<meta http-equiv="Content-Security-Policy"[^>]*>')


def write_policies(site: Path) -> None:
    """Give each page of a site its Content-Security-Policy."""
    for path in site.rglob("*.html"):
        if "_static" not in path.parts:
            page = path.read_text(encoding="utf-8")
            whole = with_policy(page)
            if whole != page:
                replace_file(path, whole.encode())


def with_policy(page: str) -> str:
    """Return a page with the policy that allows its scripts, and no others of their kind.

    Examples
    --------
    >>> page = "<html><head><title></title><script>1</script></head></html>"
    >>> print(with_policy(page).replace("; ", ";" + chr(10)))
    <html><head>
    <meta http-equiv="Content-Security-Policy" content="script-src 'self' 'wasm-unsafe-eval' \
'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=';
    worker-src 'self';
    connect-src 'self';
    img-src 'self' data:"><title></title><script>1</script></head></html>
    >>> with_policy(with_policy(page)) == with_policy(page)
    True
    """
    page = _POLICY.sub("", page, count=1)
    hashes = dict.fromkeys(map(_hash, _SCRIPT.findall(page)))
    scripts = " ".join(["script-src 'self' 'wasm-unsafe-eval'", *hashes])
    policy = f"{scripts}; worker-src 'self'; connect-src 'self'; img-src 'self' data:"
    meta = f'\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return _START.sub(lambda start: start[0] + meta, page, count=1)


def _hash(script: str) -> str:
    """Return how a policy names a script in a page."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
