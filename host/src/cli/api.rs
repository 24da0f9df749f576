//! `baton api`: any request to a served host, for scripts and for what has no command. Prints the answer as it comes.

use std::io::Write as _;

use anyhow::Result;
use clap::Args;
use reqwest::{Method, Response};
use serde_json::{Map, Value};

use super::{
    Context,
    client::{Parameters, Remote, Request},
    exit::Exit,
    input, text,
};
use crate::operations::Problem;

/// Send a request to the API of a server and print the answer
///
/// Without --server the request goes to the host that serves the data directory, as its operator. With --server it goes to that
/// server, with what `baton login` keeps or the token in BATON_TOKEN. `baton api GET /openapi.json` prints the document that describes every route.
#[derive(Debug, Args)]
pub(super) struct Api {
    /// Method: GET, POST, PUT, PATCH or DELETE
    method: String,
    /// Path below /api/v1, such as /runs
    path: String,
    /// Field of the request: text, or JSON where the value can be read as JSON; a parameter of a GET, else a field of the body
    #[arg(short, long = "field", value_name = "NAME=VALUE")]
    fields: Vec<String>,
    /// Body: JSON, @FILE, or - for standard input
    #[arg(long, conflicts_with = "fields")]
    input: Option<String>,
    /// Also print the status and the headers of the answer
    #[arg(short, long)]
    include: bool,
}

impl Api {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let request = self.request()?;
        let remote = match &context.server {
            Some(server) => Remote::at_address(context, server)?,
            None => Remote::at_socket(context)?,
        };
        let response = remote.send(&request).await?;
        if self.include {
            print_head(&response)?;
        }
        print(&remote, response).await
    }

    fn request(&self) -> Result<Request> {
        let method = parse_method(&self.method)?;
        let fields: Vec<(String, String)> = self.fields.iter().map(|field| parse_field(field)).collect::<Result<_, _>>()?;
        let is_read = method == Method::GET || method == Method::HEAD;
        let body = match &self.input {
            Some(argument) => Some(input::read(argument, "input", "--input")?),
            None if is_read || fields.is_empty() => None,
            None => Some(Value::Object(fields.iter().map(|(name, value)| (name.clone(), value_of(value))).collect::<Map<_, _>>())),
        };
        let parameters = Parameters::from(if is_read { fields } else { Vec::new() });
        Ok(Request { method, path: self.path.clone(), parameters, body })
    }
}

fn parse_method(text: &str) -> Result<Method, Problem> {
    match text.to_ascii_uppercase().as_str() {
        "GET" => Ok(Method::GET),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        _ => {
            let message = format!("`{}` is not a method of the API.", text::escaped(text));
            Err(Problem::invalid("method_invalid", "method", message).advise("Give GET, POST, PUT, PATCH or DELETE."))
        }
    }
}

fn parse_field(field: &str) -> Result<(String, String), Problem> {
    let pair = field.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or_else(|| {
        let message = format!("`{}` is not a field.", text::escaped(field));
        Problem::invalid("field_invalid", "field", message).advise("Give NAME=VALUE.")
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

/// JSON where it can be read as such, else a text.
fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn print_head(response: &Response) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", response.status())?;
    for (name, value) in response.headers() {
        writeln!(out, "{name}: {}", String::from_utf8_lossy(value.as_bytes()).escape_debug())?;
    }
    writeln!(out)?;
    Ok(())
}

/// Prints the body as it comes. The exit code follows from the status, and an error is printed where errors are.
async fn print(remote: &Remote, mut response: Response) -> Result<Exit> {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        return Err(remote.read_problem(response).await.into());
    }
    let mut ends_with_newline = true;
    while let Some(chunk) = response.chunk().await? {
        let mut out = std::io::stdout().lock();
        out.write_all(&chunk)?;
        out.flush()?;
        ends_with_newline = chunk.last() == Some(&b'\n');
    }
    if !ends_with_newline {
        writeln!(std::io::stdout())?;
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn api(method: &str, fields: &[&str]) -> Request {
        let fields = fields.iter().map(ToString::to_string).collect();
        let api = Api { method: method.to_owned(), path: "/runs".to_owned(), fields, input: None, include: false };
        api.request().unwrap()
    }

    #[test]
    fn fields_are_parameters_of_a_read_and_the_body_of_a_change() {
        let read = api("get", &["limit=5", "state=paused"]);
        assert_eq!(read.parameters.pairs(), [("limit".to_owned(), "5".to_owned()), ("state".to_owned(), "paused".to_owned())]);
        let change = api("POST", &["answer=a=b", "all=true", "count=3"]);
        assert_eq!((change.parameters.pairs().len(), change.body), (0, Some(json!({ "answer": "a=b", "all": true, "count": 3 }))));
        assert_eq!(api("DELETE", &[]).body, None);
    }

    #[test]
    fn what_cannot_be_sent_is_named() {
        assert!(parse_method("BREW").unwrap_err().to_string().contains("not a method"));
        assert!(parse_field("=x").is_err() && parse_field("x").is_err());
    }
}
