//! Detects bot challenges ("prove that you are human") served instead of the requested page. They
//! often come as 200 OK, and a source that took one for an empty listing would lose all of its ads.
//! Only markup is searched, never the visible text: a job at a maker of such pages mentions all of
//! it.

use reqwest::header::HeaderMap;

/// A maker: one of these texts must be in the title or the markup, and one of these assets.
struct ChallengeMaker {
    name: &'static str,
    titles: &'static [&'static str],
    marks: &'static [&'static str],
    assets: &'static [&'static str],
}

const MAKERS: [ChallengeMaker; 4] = [
    ChallengeMaker {
        name: "Cloudflare",
        titles: &["just a moment", "attention required"],
        marks: &[],
        assets: &[
            "/cdn-cgi/challenge-platform",
            "cf-chl",
            "cf_chl",
            "cf-error-details",
        ],
    },
    ChallengeMaker {
        name: "Imperva",
        titles: &[],
        marks: &["main-iframe", "noindex, nofollow", "noindex,nofollow"],
        assets: &["_incapsula_resource"],
    },
    ChallengeMaker {
        name: "DataDome",
        titles: &[],
        marks: &["var dd=", "var dd ="],
        assets: &["captcha-delivery.com"],
    },
    ChallengeMaker {
        name: "PerimeterX",
        titles: &[
            "access to this page has been denied",
            "access denied",
            "human verification",
        ],
        marks: &[
            "_pxappid",
            "window._px",
            "px-cloud.net",
            "px-cdn.net",
            "pxi.pub",
        ],
        assets: &["px-captcha"],
    },
];

/// The maker of the challenge, if the response is one.
pub(super) fn maker(headers: &HeaderMap, prefix: &[u8]) -> Option<&'static str> {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_ascii_lowercase)
    };
    if header("cf-mitigated").is_some_and(|value| value.contains("challenge")) {
        return Some("Cloudflare");
    }
    let is_html = header("content-type").map_or_else(
        || prefix.trim_ascii_start().starts_with(b"<"),
        |kind| kind.contains("html"),
    );
    if !is_html {
        return None;
    }
    let (title, markup) = title_and_markup(&String::from_utf8_lossy(prefix).to_ascii_lowercase());
    let is_of = |maker: &&ChallengeMaker| {
        let marked = maker.titles.iter().any(|mark| title.starts_with(mark))
            || maker.marks.iter().any(|mark| markup.contains(mark));
        marked && maker.assets.iter().any(|asset| markup.contains(asset))
    };
    MAKERS.iter().find(is_of).map(|maker| maker.name)
}

/// The title, and all tags and scripts; not the text, comments or data in scripts. Expects lower
/// case.
fn title_and_markup(html: &str) -> (String, String) {
    let (mut title, mut markup, mut rest) = (String::new(), String::new(), html);
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if rest.starts_with("<!--") {
            rest = rest.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let (tag, after) = rest.split_once('>').unwrap_or((rest, ""));
        markup.push_str(tag);
        rest = after;
        if tag.starts_with("<script") {
            let (script, after) = after.split_once("</script").unwrap_or((after, ""));
            markup.push_str(if tag.contains("json") { "" } else { script });
            rest = after;
        } else if tag.starts_with("<title") && title.is_empty() {
            title = after
                .split('<')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned();
        }
    }
    (title, markup)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maker_of(html: &str) -> Option<&'static str> {
        let headers = HeaderMap::from_iter([(
            "content-type".parse().unwrap(),
            "text/html; charset=utf-8".parse().unwrap(),
        )]);
        maker(&headers, html.as_bytes())
    }

    #[test]
    fn challenges_are_known() {
        let cloudflare = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><script>var a='/cdn-cgi/challenge-platform/h/b';</script>";
        let imperva = "<html><head><META NAME=\"robots\" CONTENT=\"noindex,nofollow\"></head><iframe id=\"main-iframe\" src=\"/_Incapsula_Resource?SWUDNSAI=31\">";
        let datadome = "<html><body><script>var dd={'rt':'c','host':'geo.captcha-delivery.com'}</script><script src=\"https://ct.captcha-delivery.com/c.js\">";
        let perimeterx = "<html><title>Access to this page has been denied.</title><div id=\"px-captcha\"></div>";
        let makers = [cloudflare, imperva, datadome, perimeterx].map(maker_of);
        assert_eq!(
            makers,
            [
                Some("Cloudflare"),
                Some("Imperva"),
                Some("DataDome"),
                Some("PerimeterX")
            ]
        );
    }

    #[test]
    fn a_header_is_enough() {
        let headers = HeaderMap::from_iter([(
            "cf-mitigated".parse().unwrap(),
            "challenge".parse().unwrap(),
        )]);
        assert_eq!(maker(&headers, b""), Some("Cloudflare"));
    }

    #[test]
    fn a_job_that_mentions_them_is_a_job() {
        let page = "<html><head><title>Bot Engineer</title><script src=\"/cdn-cgi/challenge-platform/scripts/jsd/main.js\"></script>\
            <script src=\"/_Incapsula_Resource?SWJIYLWA=1\"></script>\
            <script type=\"application/ld+json\">{\"description\":\"var dd= px-captcha captcha-delivery.com window._px\"}</script></head>\
            <!-- main-iframe px-captcha --><body>Just a moment... Attention Required! You know cf-chl, main-iframe, _Incapsula_Resource, \
            captcha-delivery.com with var dd=, px-captcha and _pxAppId</body></html>";
        assert_eq!(maker_of(page), None);
        assert_eq!(
            maker_of("<title>Just a moment, please: Barista</title><body>cf-chl"),
            None
        );
    }

    #[test]
    fn json_is_no_challenge() {
        let headers = HeaderMap::from_iter([(
            "content-type".parse().unwrap(),
            "application/json".parse().unwrap(),
        )]);
        assert_eq!(
            maker(
                &headers,
                b"{\"html\":\"<title>Just a moment</title><a class='cf-chl'>\"}"
            ),
            None
        );
    }

    #[test]
    fn broken_markup_ends() {
        for html in [
            "<", "<!--", "<script", "<script>", "<title", "<title>", "<<<>>>", "",
        ] {
            assert_eq!(maker_of(html), None);
        }
    }
}
