from attnviz.web.shell import page

page.run("why")
