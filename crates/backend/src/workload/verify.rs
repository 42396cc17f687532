//! Looking at what a program shows, one check after the other. Where a check fails that the others lean on, they are
//! skipped.

use super::keys::{Unready, keys};
use super::{Trusted, aws, seconds};
use crate::jwt::{Distrust, Token};
use crate::nexus::Nexus;
use nexus_domain::workload::{
    CheckKind, CheckOutcome, Expected, Proof, TokenAlgorithm, TokenCheck, TokenClaims, check_claims, passed,
};

/// What came of it.
pub(super) struct Examined {
    pub checks: Vec<TokenCheck>,
    /// What is claimed; believed only where every check passed.
    pub claims: TokenClaims,
    /// Of a signed request: what it is remembered by once it was used.
    pub signature_hash: Option<[u8; 32]>,
    /// Nobody could say whether it is genuine: the provider's keys, or AWS, could not be asked.
    pub unready: bool,
}

impl Examined {
    pub fn passed(&self) -> bool {
        !self.unready && !self.checks.is_empty() && passed(&self.checks)
    }

    /// The first check that failed.
    pub fn reason(&self) -> CheckKind {
        let failed = self.checks.iter().find(|check| check.outcome == CheckOutcome::Failed);
        failed.map_or(CheckKind::Claim, |check| check.check)
    }
}

/// Every check of what is shown, but for the rule.
pub(super) async fn examine(nexus: &Nexus, provider: &Trusted, proof: &Proof) -> Examined {
    match (proof, provider.kind.has_tokens()) {
        (Proof::Token(text), true) => token(nexus, provider, text).await,
        (Proof::Request(request), false) => aws::examine(nexus, provider, request).await,
        (Proof::Token(_), false) => refused("This provider takes a signed request, and no token"),
        (Proof::Request(_), true) => refused("This provider takes a token, and no signed request"),
    }
}

pub(super) fn refused(why: &str) -> Examined {
    Examined {
        checks: vec![TokenCheck::of(CheckKind::Format, Err(why.to_owned()))],
        claims: TokenClaims::default(),
        signature_hash: None,
        unready: false,
    }
}

async fn token(nexus: &Nexus, provider: &Trusted, text: &str) -> Examined {
    let token = match Token::read(text) {
        Ok(token) => token,
        Err(why) => return refused(why),
    };
    let mut checks = vec![TokenCheck::of(CheckKind::Format, Ok("It can be read".to_owned()))];
    let unready = match token.algorithm(&provider.algorithms) {
        None => {
            let named = token.named_algorithm();
            let why = format!("It is signed with {named}, which this provider is not to be believed with");
            checks.push(TokenCheck::of(CheckKind::Algorithm, Err(why)));
            checks.extend([CheckKind::Key, CheckKind::Signature].map(TokenCheck::skipped));
            false
        }
        Some(algorithm) => {
            checks.push(TokenCheck::of(CheckKind::Algorithm, Ok(format!("It is signed with {algorithm}"))));
            signature(nexus, provider, &token, algorithm, &mut checks).await
        }
    };
    let expected = Expected {
        kind: provider.kind,
        issuer: &provider.issuer,
        audience: &provider.audience,
        now: seconds(nexus.now()),
    };
    checks.extend(check_claims(&expected, &token.claims));
    Examined { checks, claims: token.claims, signature_hash: None, unready }
}

/// Checks key and signature; answers whether nobody could say.
async fn signature(
    nexus: &Nexus,
    provider: &Trusted,
    token: &Token<'_>,
    algorithm: TokenAlgorithm,
    checks: &mut Vec<TokenCheck>,
) -> bool {
    let (key, signature) = match judge(nexus, provider, token, algorithm).await {
        Ok(Ok(())) => (Ok(()), Ok("The signature is right")),
        Ok(Err(Distrust::UnknownKey)) => {
            (Err("The provider does not publish the key that it names".to_owned()), Err(""))
        }
        Ok(Err(Distrust::Algorithm)) => {
            (Err("The key is not one for this kind of signature".to_owned()), Err(""))
        }
        Ok(Err(Distrust::NoToken | Distrust::Wrong)) => (Ok(()), Err("The signature is wrong")),
        Err(unready) => {
            checks.push(TokenCheck::of(CheckKind::Key, Err(format!("Its keys cannot be had: {unready}"))));
            checks.push(TokenCheck::skipped(CheckKind::Signature));
            return true;
        }
    };
    let known = key.is_ok();
    checks.push(TokenCheck::of(CheckKind::Key, key.map(|()| "The provider publishes the key".to_owned())));
    checks.push(match known {
        true => TokenCheck::of(CheckKind::Signature, signature.map(str::to_owned).map_err(str::to_owned)),
        false => TokenCheck::skipped(CheckKind::Signature),
    });
    false
}

/// Whether the provider signed it. A key that is not known may be a new one: that is worth another look.
async fn judge(
    nexus: &Nexus,
    provider: &Trusted,
    token: &Token<'_>,
    algorithm: TokenAlgorithm,
) -> Result<Result<(), Distrust>, Unready> {
    let first = token.is_signed_by(&*keys(nexus, provider, false).await?, algorithm);
    if first != Err(Distrust::UnknownKey) {
        return Ok(first);
    }
    match keys(nexus, provider, true).await {
        Ok(keys) => Ok(token.is_signed_by(&keys, algorithm)),
        // The known ones are fresh and have it not; that a second look fails makes nothing better.
        Err(_) => Ok(first),
    }
}
