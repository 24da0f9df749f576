//! Access tokens: JSON Web Tokens signed by HS256 that name a user and a session for 15 minutes. Says whether one is genuine and
//! in time; whether its session still holds, the rows say.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use super::{AccountError, SigningKey};

/// How long an access token can be used.
pub const LIFE_MS: u64 = 15 * 60_000;
/// How far the clocks of two hosts may differ.
const LEEWAY_S: u64 = 5;
const ISSUER: &str = "baton";
const AUDIENCE: &str = "baton-api";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    /// The id of the user.
    pub sub: String,
    /// The id of the session.
    pub sid: String,
    iat: u64,
    nbf: u64,
    exp: u64,
}

/// Why an access token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It is not one of this host's.
    Invalid,
    /// It was one, and its time is over.
    Expired,
}

/// An access token, and when it expires.
pub fn sign(key: &SigningKey, user: &str, session: &str, now: u64) -> Result<(String, u64), AccountError> {
    let (issued, expires_at) = (now / 1_000, now.saturating_add(LIFE_MS));
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: user.to_owned(),
        sid: session.to_owned(),
        iat: issued,
        nbf: issued,
        exp: expires_at / 1_000,
    };
    let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
    let failed = |error: jsonwebtoken::errors::Error| AccountError::Hashing(error.to_string());
    let text = encode(&header, &claims, &EncodingKey::from_secret(&key.secret).map_err(failed)?).map_err(failed)?;
    Ok((text, expires_at))
}

/// The id of the key that an access token says it is signed with.
pub fn key_id(text: &str) -> Option<String> {
    decode_header(text).ok()?.kid
}

/// What a token says that this key signed.
pub fn verify(text: &str, key: &SigningKey, now: u64) -> Result<Claims, Rejection> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    // By the clock of the host, below.
    validation.validate_exp = false;
    let decoding = DecodingKey::from_secret(&key.secret).map_err(|_| Rejection::Invalid)?;
    let claims = decode::<Claims>(text, &decoding, &validation).map_err(|_| Rejection::Invalid)?.claims;
    let now_s = now / 1_000;
    let is_early = claims.nbf.max(claims.iat) > now_s.saturating_add(LEEWAY_S);
    // What this host signs lives no longer.
    let is_long = claims.exp.saturating_sub(claims.iat) > LIFE_MS.div_ceil(1_000);
    if is_early || is_long || !key.verifies_at(now) {
        return Err(Rejection::Invalid);
    }
    if claims.exp <= now_s { Err(Rejection::Expired) } else { Ok(claims) }
}

impl SigningKey {
    /// Whether a token that it signed can still be good: a retired key verifies until the last of them has expired.
    pub fn verifies_at(&self, now: u64) -> bool {
        self.retired_at.is_none_or(|retired_at| now < retired_at.saturating_add(LIFE_MS + LEEWAY_S * 1_000))
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const NOW: u64 = 1_800_000_000_000;
    const MINUTE: u64 = 60_000;

    fn key(byte: u8) -> SigningKey {
        SigningKey { id: format!("key-{byte}"), secret: vec![byte; 32], created_at: NOW, retired_at: None }
    }

    fn signed() -> String {
        sign(&key(1), "ada", "s-1", NOW).unwrap().0
    }

    /// A token with these two parts, signed by a key with an algorithm of its family.
    fn forged(header: &Header, claims: &Value, secret: &[u8]) -> String {
        encode(header, claims, &EncodingKey::from_secret(secret).unwrap()).unwrap()
    }

    fn claims(change: impl FnOnce(&mut Value)) -> Value {
        let mut claims = json!({
            "iss": "baton", "aud": "baton-api", "sub": "ada", "sid": "s-1",
            "iat": NOW / 1_000, "nbf": NOW / 1_000, "exp": NOW / 1_000 + 900,
        });
        change(&mut claims);
        claims
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    #[test]
    fn a_token_says_who_it_is_for_until_it_expires() {
        let (text, expires_at) = sign(&key(1), "ada", "s-1", NOW).unwrap();
        assert_eq!((expires_at, key_id(&text).as_deref()), (NOW + 15 * MINUTE, Some("key-1")));
        let read = verify(&text, &key(1), NOW + 14 * MINUTE).unwrap();
        assert_eq!((&*read.sub, &*read.sid), ("ada", "s-1"));
        assert_eq!(verify(&text, &key(1), NOW + 15 * MINUTE), Err(Rejection::Expired));
        assert_eq!(verify(&text, &key(1), NOW - MINUTE), Err(Rejection::Invalid), "not yet valid");
        assert_eq!(verify(&text, &key(2), NOW), Err(Rejection::Invalid), "another key");
    }

    #[test]
    fn what_was_made_with_the_right_key_has_the_right_claims_too() {
        let header = Header { kid: Some("key-1".to_owned()), ..Header::new(Algorithm::HS256) };
        let check = |claims: Value| verify(&forged(&header, &claims, &[1; 32]), &key(1), NOW);
        assert!(check(claims(|_| {})).is_ok());
        for wrong in [
            claims(|claims| claims["aud"] = json!("another-api")),
            claims(|claims| claims["aud"] = json!(["baton-api", "another-api"])),
            claims(|claims| claims["iss"] = json!("another")),
            claims(|claims| claims["sub"] = json!(7)),
            claims(|claims| claims["exp"] = json!("never")),
            claims(|claims| claims["exp"] = json!(NOW / 1_000 + 901)),
            claims(|claims| claims["exp"] = json!(u64::MAX)),
            claims(|claims| claims["nbf"] = json!(NOW / 1_000 + 60)),
            claims(|claims| claims["iat"] = json!(NOW / 1_000 + 60)),
            json!({}),
            json!([]),
            json!(null),
        ] {
            assert_eq!(check(wrong.clone()), Err(Rejection::Invalid), "{wrong}");
        }
        for missing in ["iss", "aud", "sub", "sid", "iat", "nbf", "exp"] {
            let wrong = claims(|claims| drop(claims.as_object_mut().unwrap().remove(missing)));
            assert_eq!(check(wrong), Err(Rejection::Invalid), "without {missing}");
        }
    }

    #[test]
    fn no_other_algorithm_is_accepted() {
        let claims = claims(|_| {});
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            let text = forged(&Header::new(algorithm), &claims, &[1; 32]);
            assert_eq!(verify(&text, &key(1), NOW), Err(Rejection::Invalid), "{algorithm:?}");
        }
        let text = signed();
        let parts: Vec<_> = text.split('.').collect();
        let [_, payload, signature] = parts[..] else { panic!("{text}") };
        for algorithm in ["none", "None", "NONE", "", "RS256", "ES256", "EdDSA", "HS384", "hs256"] {
            let header = part(&json!({ "typ": "JWT", "alg": algorithm, "kid": "key-1" }));
            for signature in ["", signature] {
                let text = format!("{header}.{payload}.{signature}");
                assert_eq!(verify(&text, &key(1), NOW), Err(Rejection::Invalid), "{algorithm} {signature}");
            }
        }
    }

    #[test]
    fn a_header_that_names_another_key_or_wants_to_be_understood_is_not_followed() {
        let own = URL_SAFE_NO_PAD.encode([9; 32]);
        let mut header = Header { kid: Some("key-1".to_owned()), ..Header::new(Algorithm::HS256) };
        header.jku = Some("https://example.com/keys".to_owned());
        header.jwk = serde_json::from_value(json!({ "kty": "oct", "k": own, "alg": "HS256" })).ok();
        assert!(header.jwk.is_some());
        assert_eq!(verify(&forged(&header, &claims(|_| {}), &[9; 32]), &key(1), NOW), Err(Rejection::Invalid));
        let critical = Header { crit: Some(vec!["x".to_owned()]), ..Header::new(Algorithm::HS256) };
        assert_eq!(verify(&forged(&critical, &claims(|_| {}), &[1; 32]), &key(1), NOW), Err(Rejection::Invalid));
    }

    #[test]
    fn a_retired_key_verifies_until_its_last_token_expired() {
        let text = signed();
        let retired = SigningKey { retired_at: Some(NOW + MINUTE), ..key(1) };
        assert!(verify(&text, &retired, NOW + 14 * MINUTE).is_ok());
        assert!(retired.verifies_at(NOW + 16 * MINUTE) && !retired.verifies_at(NOW + 17 * MINUTE));
        let long_ago = SigningKey { retired_at: Some(NOW - 16 * MINUTE), ..key(1) };
        assert_eq!(verify(&text, &long_ago, NOW), Err(Rejection::Invalid));
        let empty = SigningKey { secret: Vec::new(), ..key(1) };
        assert_eq!(verify(&text, &empty, NOW), Err(Rejection::Invalid));
    }

    proptest! {
        #[test]
        fn no_text_is_a_token(text in "[A-Za-z0-9_.-]{0,300}") {
            let _ = key_id(&text);
            prop_assert_eq!(verify(&text, &key(1), NOW), Err(Rejection::Invalid));
        }

        #[test]
        fn a_token_that_is_changed_is_none(place in 0_usize..300, other in "[A-Za-z0-9_.-]") {
            let text = signed();
            let place = place % text.len();
            prop_assume!(!text[place..].starts_with(&other));
            let changed = format!("{}{other}{}", &text[..place], &text[place + 1..]);
            prop_assert_eq!(verify(&changed, &key(1), NOW), Err(Rejection::Invalid));
        }
    }
}
