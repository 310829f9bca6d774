// Small repairs to the theme's and pandas' markup, for screen readers.
document.addEventListener("DOMContentLoaded", () => {
  // pandas leaves the corner of a table as an empty header cell
  document.querySelectorAll("table.dataframe thead th").forEach((cell) => {
    if (!cell.textContent.trim()) {
      const plain = document.createElement("td");
      cell.replaceWith(plain);
    }
  });
  // areas that scroll can be reached by keyboard
  document.querySelectorAll("div.cell_output, .bd-article table").forEach((area) => {
    if (area.scrollWidth > area.clientWidth) area.tabIndex = 0;
  });
});
