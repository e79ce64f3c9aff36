"""Where configuration comes from; every source yields a `crenel.sources.document.Reading`."""
