//! How a letter looks: as text, and as HTML that mail programs take (a table, styles at each element,
//! colours for dark screens where the program asks for them). Everything in it is escaped.

use super::Letter;
use std::fmt::Write as _;

/// For mail programs that know `prefers-color-scheme`; the styles at the elements are for all others.
const DARK: &str = "@media (prefers-color-scheme: dark){.n-page{background:#0e0f12!important}\
.n-card{background:#1a1d22!important;border-color:#383d48!important}.n-text{color:#eceef2!important}\
.n-small{color:#a8afbc!important}.n-button{background:#9a95f7!important;color:#0e0f12!important}\
.n-link{color:#aca8fa!important}}";

const FONT: &str =
    "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";

impl Letter {
    /// For those who read text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for paragraph in &self.paragraphs {
            let _infallible = write!(text, "{paragraph}\n\n");
        }
        if let Some((label, href)) = &self.button {
            let _infallible = write!(text, "{label}:\n{href}\n\n");
        }
        for paragraph in &self.small {
            let _infallible = write!(text, "{paragraph}\n\n");
        }
        text.push_str("--\nNexus\n");
        text
    }

    pub(super) fn html(&self) -> String {
        let subject = escaped(&self.subject);
        let body = self.rows();
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"color-scheme\" content=\"light dark\">\
             <meta name=\"supported-color-schemes\" content=\"light dark\">\
             <title>{subject}</title>\n<style>{DARK}</style></head>\n\
             <body class=\"n-page\" style=\"margin:0;padding:0;background:#f3f4f6\">\n\
             <table role=\"presentation\" class=\"n-page\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
             style=\"background:#f3f4f6\"><tr><td align=\"center\" style=\"padding:32px 12px\">\n\
             <table role=\"presentation\" class=\"n-card\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
             style=\"max-width:560px;background:#ffffff;border:1px solid #d0d4db;border-radius:10px\">\n\
             <tr><td class=\"n-text\" style=\"padding:24px 28px 0;{FONT};font-size:15px;font-weight:600;color:#15171c\">\
             Nexus</td></tr>\n{body}<tr><td style=\"padding:0 0 12px\"></td></tr>\n</table>\n</td></tr></table>\n\
             </body></html>\n"
        )
    }

    fn rows(&self) -> String {
        let mut rows = String::new();
        for paragraph in &self.paragraphs {
            let _infallible = writeln!(
                rows,
                "<tr><td class=\"n-text\" style=\"padding:14px 28px 0;{FONT};font-size:15px;line-height:1.5;color:#15171c;\
                 overflow-wrap:anywhere\">{}</td></tr>",
                escaped(paragraph).replace('\n', "<br>")
            );
        }
        if let Some((label, href)) = &self.button {
            let (label, href) = (escaped(label), escaped(href));
            let _infallible = writeln!(
                rows,
                "<tr><td style=\"padding:22px 28px 6px\"><a class=\"n-button\" href=\"{href}\" style=\"display:inline-block;\
                 padding:11px 18px;border-radius:8px;background:#4f46e5;color:#ffffff;{FONT};font-size:15px;font-weight:600;\
                 text-decoration:none\">{label}</a></td></tr>\n\
                 <tr><td class=\"n-small\" style=\"padding:8px 28px 0;{FONT};font-size:12px;line-height:1.5;color:#545b69;\
                 word-break:break-all\">Or open this address: <a class=\"n-link\" href=\"{href}\" style=\"color:#4338ca\">{href}\
                 </a></td></tr>"
            );
        }
        for paragraph in &self.small {
            let _infallible = writeln!(
                rows,
                "<tr><td class=\"n-small\" style=\"padding:14px 28px 0;{FONT};font-size:13px;line-height:1.5;color:#545b69\">\
                 {}</td></tr>",
                escaped(paragraph).replace('\n', "<br>")
            );
        }
        rows
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            subject: "Eva & <Ana>".into(),
            paragraphs: vec!["<script>alert('x')</script>\nsecond line".into()],
            button: Some(("Accept".into(), "https://nexus.test/invitation/0123?a=1&b=\"2\"".into())),
            small: vec!["Small print".into()],
        }
    }

    #[test]
    fn nothing_in_a_letter_becomes_html() {
        let html = letter().html();
        assert!(!html.contains("<script>") && !html.contains("b=\"2\""), "{html}");
        assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;<br>second line"), "{html}");
        assert!(html.contains("<title>Eva &amp; &lt;Ana&gt;</title>"), "{html}");
        assert_eq!(html.matches("https://nexus.test/invitation/0123?a=1&amp;b=&quot;2&quot;").count(), 3);
    }

    #[test]
    fn both_forms_say_the_same() {
        let (text, html) = (letter().text(), letter().html());
        for part in ["second line", "Small print"] {
            assert!(text.contains(part) && html.contains(part));
        }
        assert!(text.contains("Accept:\nhttps://nexus.test/invitation/0123?a=1&b=\"2\"\n"), "{text}");
    }
}
