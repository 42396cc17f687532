//! OAuth 2.0 over HTTP: the words of the protocol, what an app's token opens, and unmodified clients of others.

mod clients;
mod opened;
mod protocol;
