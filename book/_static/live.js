// `make live` replaces this script by one that offers to run the page's cells in the browser.
