//! The HTTP client with which the host reaches registries and forges, on the same way as models. Models are asked through
//! `transport`, which bounds more of what comes back.

use std::time::Duration;

use reqwest::redirect::Policy;

use super::super::Proxy;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// It follows no redirect, since that would hand a key to another host, and unpacks nothing, since that would lift any bound
/// on a reply.
pub fn client(proxy: Option<&Proxy>, timeout: Duration) -> Result<reqwest::Client, String> {
    let builder =
        reqwest::Client::builder().timeout(timeout).connect_timeout(CONNECT_TIMEOUT).redirect(Policy::none()).no_gzip().no_proxy();
    let builder = match proxy {
        Some(proxy) => builder.proxy(through(proxy)?),
        None => builder,
    };
    builder.build().map_err(|error| error.to_string())
}

/// What is plain HTTP is as a rule on this machine or beside it, and what is encrypted goes through the proxy unless
/// its host is excepted.
fn through(proxy: &Proxy) -> Result<reqwest::Proxy, String> {
    let excepted = format!("localhost,127.0.0.0/8,::1,{}", proxy.except);
    let proxy = reqwest::Proxy::https(&proxy.url).map_err(|error| error.to_string())?;
    Ok(proxy.no_proxy(reqwest::NoProxy::from_string(&excepted)))
}
