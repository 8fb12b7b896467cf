"""Makes the key of the client that signs assertions: prints its public JWK Set, writes the private key to a file."""
import json
import sys

from joserfc.jwk import ECKey

key = ECKey.generate_key("P-256", {"kid": "conformance", "use": "sig", "alg": "ES256"})
with open(sys.argv[1], "w", encoding="utf-8") as private:
    json.dump(key.as_dict(private=True), private)
print(json.dumps({"keys": [key.as_dict(private=False)]}))
