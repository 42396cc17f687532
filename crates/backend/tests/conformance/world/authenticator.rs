//! A passkey in software: answers the questions of a server as a browser would hand the answers on.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// What the passkey says of whoever holds it.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_KEY: u8 = 0x40;

pub struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    user: String,
    counter: u32,
    pub origin: String,
    /// Whether it asks for a PIN.
    pub verifies: bool,
}

fn coded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read(options: &str) -> Value {
    serde_json::from_str(options).expect("options")
}

impl Authenticator {
    /// Makes a passkey for what a server asks; answers with it and what it says.
    pub fn register(options: &str, origin: &str) -> (Self, String) {
        let options = read(options);
        let rules = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
        let rules = rules.expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, rules.as_ref()).expect("a key");
        let id = Sha256::digest(key.public_key().as_ref()).to_vec();
        let user = options["user"]["id"].as_str().expect("a user").to_owned();
        let made = Self { key, id, user, counter: 0, origin: origin.to_owned(), verifies: true };
        let data = made.authenticator_data(options["rp"]["id"].as_str().expect("an id"), HAS_KEY);
        let attestation = [
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(),
            &[u8::try_from(data.len()).expect("short")],
            &data,
        ]
        .concat();
        let response = json!({
            "attestationObject": coded(&attestation),
            "clientDataJSON": coded(made.client_data("webauthn.create", &options).as_bytes()),
            "transports": ["internal", "smart-card"],
        });
        let answer = made.answer(response);
        (made, answer)
    }

    /// Answers a question.
    pub fn prove(&mut self, options: &str) -> String {
        let options = read(options);
        self.counter += 1;
        let data = self.authenticator_data(options["rpId"].as_str().expect("an id"), 0);
        let client = self.client_data("webauthn.get", &options);
        let signed = [data.as_slice(), &Sha256::digest(client.as_bytes())].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        self.answer(json!({
            "authenticatorData": coded(&data),
            "clientDataJSON": coded(client.as_bytes()),
            "signature": coded(signature.as_ref()),
            "userHandle": self.user,
        }))
    }

    /// Goes back to what it counted before, like a copy of it would.
    pub fn forget_counting(&mut self) {
        self.counter = 0;
    }

    fn answer(&self, response: Value) -> String {
        let id = coded(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {},
            "authenticatorAttachment": "platform" })
        .to_string()
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false })
            .to_string()
    }

    fn authenticator_data(&self, host: &str, flags: u8) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = Sha256::digest(host.as_bytes()).to_vec();
        data.push(PRESENT | verified | flags);
        data.extend(self.counter.to_be_bytes());
        if flags & HAS_KEY != 0 {
            data.extend([0; 16]);
            data.extend(u16::try_from(self.id.len()).expect("short").to_be_bytes());
            data.extend(&self.id);
            let point = self.key.public_key().as_ref();
            data.extend(b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20");
            data.extend(&point[1..33]);
            data.extend(b"\x22\x58\x20");
            data.extend(&point[33..65]);
        }
        data
    }
}
