//! What STS answers to `GetCallerIdentity`, read strictly: each of three names once, and nothing in them that XML
//! would have to spell otherwise.

use crate::jwt::strict;
use nexus_domain::workload::AwsCaller;
use serde::Deserialize;

#[derive(Deserialize)]
struct Outer {
    #[serde(rename = "GetCallerIdentityResponse")]
    response: Inner,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(rename = "GetCallerIdentityResult")]
    result: Named,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "Arn")]
    arn: String,
    #[serde(rename = "Account")]
    account: String,
    #[serde(rename = "UserId")]
    user_id: String,
}

/// Whom the answer names; none where it is no role's session, or can be read in two ways.
pub(super) fn caller(answer: &[u8]) -> Option<AwsCaller> {
    let text = std::str::from_utf8(answer).ok()?;
    let named = if text.trim_start().starts_with('{') {
        strict::<Outer>(answer)?.response.result
    } else {
        let result = element(text, "GetCallerIdentityResult")?;
        let inner = |name| element(result, name).map(str::to_owned);
        Named { arn: inner("Arn")?, account: inner("Account")?, user_id: inner("UserId")? }
    };
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'&'));
    let all_plain = [&named.arn, &named.account, &named.user_id].into_iter().all(|text| plain(text));
    if !all_plain {
        return None;
    }
    AwsCaller::new(&named.arn, &named.account, &named.user_id)
}

/// What is in the element of this name, where there is exactly one, without attributes.
fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    if text.contains("<!") {
        return None;
    }
    let (_, behind) = text.split_once(&format!("<{name}>"))?;
    let (inner, rest) = behind.split_once(&format!("</{name}>"))?;
    let again = [rest, inner].iter().any(|part| part.contains(&format!("<{name}")));
    (!again).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>arn:aws:sts::123456789012:assumed-role/deploy/i-0abc</Arn>
    <UserId>AROAEXAMPLEID:i-0abc</UserId>
    <Account>123456789012</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>"#;

    #[test]
    fn an_answer_is_read_in_both_ways_of_writing() {
        let caller_of = |text: &str| caller(text.as_bytes()).map(|caller| caller.role.to_string());
        let role = Some("arn:aws:iam::123456789012:role/deploy".to_owned());
        assert_eq!(caller_of(ANSWER), role);
        let json = r#"{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Account":"123456789012",
            "Arn":"arn:aws:sts::123456789012:assumed-role/deploy/i-0abc","UserId":"AROAEXAMPLEID:i-0abc"}}}"#;
        assert_eq!(caller_of(json), role);
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        let other = "<Arn>arn:aws:sts::123456789012:assumed-role/admin/i-0abc</Arn>";
        for odd in [
            ANSWER.replace("<UserId>", &format!("{other}<UserId>")),
            ANSWER.replace(
                "</GetCallerIdentityResult>",
                "</GetCallerIdentityResult><GetCallerIdentityResult></GetCallerIdentityResult>",
            ),
            ANSWER.replace("<Account>123456789012</Account>", ""),
            ANSWER.replace("123456789012</Account>", "210987654321</Account>"),
            ANSWER.replace("<Arn>arn", "<Arn>&#97;rn"),
            format!("<!DOCTYPE x>{ANSWER}"),
            ANSWER.replace("<Arn>arn", "<Arn><!-- x -->arn"),
            ANSWER.replace("assumed-role/deploy/i-0abc", "federated-user/deploy"),
            String::new(),
            "{}".to_owned(),
        ] {
            assert!(caller(odd.as_bytes()).is_none(), "{odd}");
        }
        assert!(caller(&[0xff, 0xfe]).is_none());
    }
}
