"""Tell whether a dataset on disk is whole, official and fit to be used."""
