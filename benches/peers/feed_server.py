#!/usr/bin/env python3
"""Serves a file of ads, one JSON object a line, as numbered pages on loopback, for peers that read
an HTTP API and no files.   usage: feed_server.py FILE   (prints its port)"""
import http.server
import sys
import urllib.parse

PAGE = 1000
LINES = [line for line in open(sys.argv[1], "rb").read().split(b"\n") if line]


class FeedHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        first = (int(query.get("page", ["1"])[0]) - 1) * PAGE
        body = b'{"jobs":[' + b",".join(LINES[first : first + PAGE]) + b"]}"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FeedHandler)
print(server.server_address[1], flush=True)
server.serve_forever()
