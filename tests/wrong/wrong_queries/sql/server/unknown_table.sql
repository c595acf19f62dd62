SELECT title
FROM psots
