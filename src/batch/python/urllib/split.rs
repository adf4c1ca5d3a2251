//! Addresses in parts, and together again (`Lib/urllib/parse.py` is the reference).

use std::net::Ipv6Addr;

use super::results::{
    DEFRAG_RESULT, DEFRAG_RESULT_BYTES, PARSE_RESULT, PARSE_RESULT_BYTES, SPLIT_RESULT, SPLIT_RESULT_BYTES,
    make,
};
use super::{coerce, value_of};
use crate::batch::python::args::collect;
use crate::batch::value::exceptions::VALUE_ERROR;
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, truth};

/// Schemes whose addresses may be relative.
const RELATIVE: &[&str] = &[
    "", "ftp", "http", "gopher", "nntp", "imap", "wais", "file", "https", "shttp", "mms", "prospero", "rtsp",
    "rtspu", "sftp", "svn", "svn+ssh", "ws", "wss",
];
/// Schemes with a location.
const LOCATED: &[&str] = &[
    "", "ftp", "http", "gopher", "nntp", "telnet", "imap", "wais", "file", "mms", "https", "shttp", "snews",
    "prospero", "rtsp", "rtspu", "rsync", "svn", "svn+ssh", "sftp", "nfs", "git", "git+ssh", "ws", "wss",
];
/// Schemes with parameters.
const PARAMETERS: &[&str] = &[
    "", "ftp", "hdl", "prospero", "http", "imap", "https", "shttp", "rtsp", "rtspu", "sip", "sips", "mms",
    "sftp", "tel",
];

/// An address in parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Split {
    scheme: String,
    netloc: String,
    path: String,
    params: String,
    query: String,
    fragment: String,
}

/// Takes an address apart; `params` stay in the path unless `with_params`.
fn split(url: &str, scheme: &str, fragments: bool, with_params: bool) -> Result<Split, String> {
    let blank = |c: char| c <= ' ';
    let clean = |text: &str| text.chars().filter(|c| !"\t\r\n".contains(*c)).collect::<String>();
    let url = clean(url.trim_start_matches(blank));
    let mut found = Split { scheme: clean(scheme.trim_matches(blank)), ..Split::default() };
    let mut rest = url.as_str();
    if let Some((before, behind)) = rest.split_once(':')
        && before.starts_with(|c: char| c.is_ascii_alphabetic())
        && before.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    {
        found.scheme = before.to_lowercase();
        rest = behind;
    }
    if let Some(located) = rest.strip_prefix("//") {
        let (netloc, behind) = located.split_at(located.find(['/', '?', '#']).unwrap_or(located.len()));
        check_location(netloc)?;
        found.netloc = netloc.to_owned();
        rest = behind;
    }
    if fragments && let Some((before, fragment)) = rest.split_once('#') {
        found.fragment = fragment.to_owned();
        rest = before;
    }
    if let Some((before, query)) = rest.split_once('?') {
        found.query = query.to_owned();
        rest = before;
    }
    if with_params && PARAMETERS.contains(&found.scheme.as_str()) {
        let last = rest.rfind('/').unwrap_or(0);
        if let Some(at) = rest[last..].find(';') {
            found.params = rest[last + at + 1..].to_owned();
            rest = &rest[..last + at];
        }
    }
    found.path = rest.to_owned();
    Ok(found)
}

fn check_location(netloc: &str) -> Result<(), String> {
    if netloc.contains('[') != netloc.contains(']') {
        return Err(String::from("Invalid IPv6 URL"));
    }
    if let Some((_, bracketed)) = netloc.split_once('[') {
        let host = bracketed.split_once(']').map_or(bracketed, |(host, _)| host);
        if let Some(future) = host.strip_prefix('v') {
            let valid = future.split_once('.').is_some_and(|(version, rest)| {
                !version.is_empty() && version.chars().all(|c| c.is_ascii_hexdigit()) && !rest.is_empty()
            });
            return if valid { Ok(()) } else { Err(String::from("IPvFuture address is invalid")) };
        }
        if host.parse::<std::net::Ipv4Addr>().is_ok() {
            return Err(String::from("An IPv4 address cannot be in brackets"));
        }
        let address = host.split_once('%').map_or(host, |(address, _)| address);
        if address.parse::<Ipv6Addr>().is_err() {
            return Err(format!("'{host}' does not appear to be an IPv4 or IPv6 address"));
        }
    }
    Ok(())
}

/// Puts the parts together.
pub fn unsplit(scheme: &str, netloc: &str, path: &str, query: &str, fragment: &str) -> String {
    let mut url = String::new();
    if !scheme.is_empty() {
        url.push_str(scheme);
        url.push(':');
    }
    let located = !scheme.is_empty() && LOCATED.contains(&scheme) && !path.starts_with("//");
    if !netloc.is_empty() || located {
        url.push_str("//");
        url.push_str(netloc);
        if !path.is_empty() && !path.starts_with('/') {
            url.push('/');
        }
    }
    url.push_str(path);
    for (sign, part) in [('?', query), ('#', fragment)] {
        if !part.is_empty() {
            url.push(sign);
            url.push_str(part);
        }
    }
    url
}

fn unparse(parts: &Split) -> String {
    let path =
        if parts.params.is_empty() { parts.path.clone() } else { format!("{};{}", parts.path, parts.params) };
    unsplit(&parts.scheme, &parts.netloc, &path, &parts.query, &parts.fragment)
}

/// The arguments of `urlparse` and `urlsplit`, taken apart.
fn arguments<'a>(
    heap: &Heap<'a>,
    name: &str,
    args: Args<'_, 'a>,
    with_params: bool,
) -> Result<(Split, bool), Raised> {
    let ([url], [scheme, fragments]) = args.bind_def(heap, name, ["url"], ["scheme", "allow_fragments"])?;
    let coerced = coerce(heap, [url, scheme.unwrap_or(Value::None)])?;
    let fragments = fragments.is_none_or(truth);
    let found = split(coerced.texts[0], coerced.texts[1], fragments, with_params);
    found.map(|found| (found, coerced.bytes)).map_err(|message| heap.raise(&VALUE_ERROR, message))
}

/// `urlparse(url, scheme='', allow_fragments=True)`
pub fn urlparse<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (found, bytes) = arguments(heap, "urlparse", args, true)?;
    let Split { scheme, netloc, path, params, query, fragment } = &found;
    let fields: [&str; 6] = [scheme, netloc, path, params, query, fragment];
    Ok(make(heap, [&PARSE_RESULT, &PARSE_RESULT_BYTES], &fields, bytes))
}

/// `urlsplit(url, scheme='', allow_fragments=True)`
pub fn urlsplit<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (found, bytes) = arguments(heap, "urlsplit", args, false)?;
    let Split { scheme, netloc, path, query, fragment, .. } = &found;
    let fields: [&str; 5] = [scheme, netloc, path, query, fragment];
    Ok(make(heap, [&SPLIT_RESULT, &SPLIT_RESULT_BYTES], &fields, bytes))
}

/// Exactly so many components.
fn components<'a, const N: usize>(
    heap: &Heap<'a>,
    name: &str,
    args: Args<'_, 'a>,
) -> Result<[Value<'a>; N], Raised> {
    let ([components], []) = args.bind_def(heap, name, ["components"], [])?;
    let items = match components {
        Value::Object(object) if object.class.hooks.is_tuple => object.fields.to_vec(),
        _ => collect(heap, components)?.to_vec(),
    };
    let given = items.len();
    <[Value<'a>; N]>::try_from(items).map_err(|_| {
        let message = if given < N {
            format!("not enough values to unpack (expected {}, got {})", N + 1, given + 1)
        } else {
            format!("too many values to unpack (expected {})", N + 1)
        };
        heap.raise(&VALUE_ERROR, message)
    })
}

/// `urlunparse(components)`
pub fn urlunparse<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let coerced = coerce(heap, components::<6>(heap, "urlunparse", args)?)?;
    let [scheme, netloc, path, params, query, fragment] = coerced.texts.map(str::to_owned);
    let url = unparse(&Split { scheme, netloc, path, params, query, fragment });
    Ok(value_of(heap, &url, coerced.bytes))
}

/// `urlunsplit(components)`
pub fn urlunsplit<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let coerced = coerce(heap, components::<5>(heap, "urlunsplit", args)?)?;
    let [scheme, netloc, path, query, fragment] = coerced.texts;
    Ok(value_of(heap, &unsplit(scheme, netloc, path, query, fragment), coerced.bytes))
}

/// `urljoin(base, url, allow_fragments=True)`
pub fn urljoin<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([base, url], [fragments]) = args.bind_def(heap, "urljoin", ["base", "url"], ["allow_fragments"])?;
    if !truth(base) {
        return Ok(url);
    }
    if !truth(url) {
        return Ok(base);
    }
    let coerced = coerce(heap, [base, url])?;
    let joined = join(coerced.texts[0], coerced.texts[1], fragments.is_none_or(truth));
    match joined {
        Ok(joined) => Ok(value_of(heap, &joined, coerced.bytes)),
        Err(message) => Err(heap.raise(&VALUE_ERROR, message)),
    }
}

fn join(base: &str, url: &str, fragments: bool) -> Result<String, String> {
    let base = split(base, "", fragments, true)?;
    let mut found = split(url, &base.scheme, fragments, true)?;
    let scheme = found.scheme.as_str();
    if scheme != base.scheme || !RELATIVE.contains(&scheme) {
        return Ok(url.to_owned());
    }
    if LOCATED.contains(&scheme) {
        if !found.netloc.is_empty() {
            return Ok(unparse(&found));
        }
        found.netloc = base.netloc;
    }
    if found.path.is_empty() && found.params.is_empty() {
        found.path = base.path;
        found.params = base.params;
        if found.query.is_empty() {
            found.query = base.query;
        }
        return Ok(unparse(&found));
    }
    let path = resolve(&base.path, &found.path);
    found.path = if path.is_empty() { String::from("/") } else { path };
    Ok(unparse(&found))
}

/// A path as it is meant from another (RFC 3986).
fn resolve(base: &str, path: &str) -> String {
    let mut segments: Vec<&str> = path.split('/').collect();
    if !path.starts_with('/') {
        // The last item of the base is no directory, so it does not count.
        let mut parts: Vec<&str> = base.split('/').collect();
        if parts.last().is_some_and(|last| !last.is_empty()) {
            parts.pop();
        }
        parts.append(&mut segments);
        let last = parts.len() - 1;
        let kept = parts
            .iter()
            .enumerate()
            .filter(|(place, part)| *place == 0 || *place == last || !part.is_empty());
        segments = kept.map(|(_, part)| *part).collect();
    }
    let mut resolved = Vec::new();
    for segment in &segments {
        match *segment {
            ".." => {
                resolved.pop();
            }
            "." => {}
            segment => resolved.push(segment),
        }
    }
    if matches!(segments.last(), Some(&("." | ".."))) {
        resolved.push("");
    }
    resolved.join("/")
}

/// `urldefrag(url)`
pub fn urldefrag<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([url], []) = args.bind_def(heap, "urldefrag", ["url"], [])?;
    let coerced = coerce(heap, [url])?;
    let [url] = coerced.texts;
    let classes = [&DEFRAG_RESULT, &DEFRAG_RESULT_BYTES];
    if !url.contains('#') {
        return Ok(make(heap, classes, &[url, ""], coerced.bytes));
    }
    let mut found = split(url, "", true, true).map_err(|message| heap.raise(&VALUE_ERROR, message))?;
    let fragment = std::mem::take(&mut found.fragment);
    Ok(make(heap, classes, &[&unparse(&found), &fragment], coerced.bytes))
}
