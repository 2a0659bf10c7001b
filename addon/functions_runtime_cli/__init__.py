"""The command `functions-runtime`: it audits recordings and explains rules, without a proxy."""
